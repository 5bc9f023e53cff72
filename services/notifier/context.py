"""What the notifier's edges hand to its verbs."""

from dataclasses import dataclass

from services.notifier.channels import Wording
from services.notifier.domain.escalation import Escalation
from services.notifier.fact_log import FactLog
from services.notifier.watch import Watch
from shared.runtime.service import Runtime


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifierContext:
    """Made once by the app."""

    runtime: Runtime
    escalation: Escalation
    wording: Wording
    fact_log: FactLog
    watch: Watch
