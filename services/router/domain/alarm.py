"""A normal ticket that nobody dispatched in time goes to the shift lead, with an alarm."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from services.router.domain.calling import SYSTEM
from services.router.domain.outcome import Outcome, step, words_text
from services.router.domain.whistle import Whistle
from shared.contracts.parts import Role
from shared.contracts.rulings import HeldHandedOver

TO: Final = Role.SHIFT_LEAD.value
NOTE: Final = "超过派单时限未派，请班长立即处理"


def alarm(whistle: Whistle, *, at: datetime, policy: str) -> Outcome:
    """The held whistle on the shift lead's desk; it stays held."""
    fact = HeldHandedOver(
        seq=whistle.seq + 1,
        actor=SYSTEM,
        policy=policy,
        whistle_id=whistle.whistle_id,
        ticket_ids=whistle.ticket_ids,
        round=whistle.round,
        to_role=TO,
        note=NOTE,
    )
    words = words_text(to_role=TO, note=NOTE)
    return Outcome(whistle=replace(whistle, seq=fact.seq), steps=(step(fact, at, after=words),))
