"""What the notifier's edges hand to its verbs."""

from dataclasses import dataclass, field

from services.notifier.audit import Auditor
from services.notifier.board import Board
from services.notifier.channels import Wording
from services.notifier.domain.escalation import Escalation
from services.notifier.domain.sight import Sight
from services.notifier.fact_log import FactLog
from services.notifier.rebuild import Rebuilds
from services.notifier.tell import Telling
from services.notifier.watch import Watch
from shared.catalogue.model import Catalogue
from shared.runtime.live import Live
from shared.runtime.service import Runtime
from shared.sealing import Seals


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifierContext:
    """Made once by the app."""

    runtime: Runtime
    escalation: Escalation
    wording: Wording
    fact_log: FactLog
    watch: Watch
    catalogue: Catalogue
    board: Board
    live: Live[Sight]
    telling: Telling
    seals: Seals | None  # None: no addresses of people can be kept
    auditor: Auditor
    rebuilds: Rebuilds = field(default_factory=Rebuilds)
