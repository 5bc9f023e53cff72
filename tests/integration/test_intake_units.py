"""Intake hears of units that come or change later, and shows them by their names."""

from uuid import UUID, uuid4

from shared.contracts import envelope
from shared.contracts.topics import UNITS
from shared.contracts.units import UnitDeclared
from tests.support.intake import Intake, utc_now
from tests.support.played_router import LEAD, Whistle
from tests.support.waiting import eventually

NAMES = ("滨河区城市管理局（筹）", "滨河区市容整治指挥部")


async def declare(intake: Intake, name: str) -> None:
    unit = UnitDeclared(
        code=LEAD,
        name=name,
        parent="BH-GOV",
        level="district",
        kind="bureau",
        function_codes=("CGJ",),
        region="159902",
        can_whistle=False,
        duty_24h=True,
        active=True,
        reachable=True,
    )
    value = envelope.write(
        event_id=uuid4(), source="/shaodao/router", subject=LEAD, time=utc_now(), data=unit
    )
    await intake.producer.send_and_wait(
        intake.prefix + UNITS.name, value.encode(), key=LEAD.encode()
    )


async def test_a_unit_is_shown_by_the_name_it_was_given_last(intake: Intake) -> None:
    for name in NAMES:
        await declare(intake, name)
    last = "select declared from unit where code = $1 and declared like '%' || $2 || '%'"
    await eventually(lambda: intake.rows(last, LEAD, NAMES[-1]))

    async def told() -> str:
        """How the citizen's timeline names the unit of a whistle that is blown now."""
        ticket_id = (await intake.registered(key=str(uuid4())))["ticket_id"]
        await Whistle(intake, UUID(ticket_id)).blow()
        ticket = await intake.ticket_in(ticket_id, "dispatched")
        return "".join(line["zh"] for line in ticket["timeline"])

    await eventually(told, until=lambda text: NAMES[-1] in text, every=0.5)
