"""What intake's edges hand to its verbs."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.intake.album import Album
from services.intake.codes import Codes
from services.intake.domain.campaign import RatingTerms
from services.intake.domain.desk_terms import DeskTerms
from services.intake.domain.registration import Rules
from services.intake.domain.settle import Settlements
from services.intake.hints import Hints
from services.intake.links import Links
from services.intake.maps import Maps
from services.intake.register import Register, Registered, Registration
from services.intake.sources import KeyRing
from services.intake.store.vault import Vault
from services.intake.switchboard import Switchboard
from shared.catalogue.report_labels import ReportLabel
from shared.runtime.group_commit import GroupCommit
from shared.runtime.service import Runtime


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeContext:
    """Made once by the app."""

    runtime: Runtime
    rules: Rules
    vault: Vault
    registrations: GroupCommit[Registration, Registered]
    register: Register
    album: Album
    maps: Maps
    desk: DeskTerms
    switchboard: Switchboard
    keys: KeyRing
    links: Links
    codes: Codes
    labels: Mapping[str, ReportLabel]
    settlements: Settlements
    ratings: RatingTerms
    hints: Hints
