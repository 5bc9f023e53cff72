"""What intake's edges hand to its verbs."""

from dataclasses import dataclass

from services.intake.domain.registration import Rules
from services.intake.register import Registered, Registration
from services.intake.store.vault import Vault
from shared.runtime.group_commit import GroupCommit
from shared.runtime.service import Runtime


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeContext:
    """Made once by the app."""

    runtime: Runtime
    rules: Rules
    vault: Vault
    registrations: GroupCommit[Registration, Registered]
