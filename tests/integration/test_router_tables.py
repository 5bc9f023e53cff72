"""The router's verbs on a real PostgreSQL: batches, locks, checks, indexes, what survives."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.router import blow, by_hand, deem, look, rule, waiting
from services.router.app import MIGRATIONS
from services.router.by_hand import Dispatching
from services.router.domain.city import City
from services.router.domain.joint.blowing import Blow, Called
from services.router.domain.rulings.extension import Extension, ExtensionDecision
from services.router.domain.rulings.ruling import ReturnDecision, Ruling
from services.router.follow import follow_tickets
from services.router.judge import judge_events, refuse_unreadable
from services.router.look import Sight
from services.router.seed import seed
from services.router.store import queue
from services.router.store.queue import Wanted
from services.router.store.whistles import SQL
from shared.contracts import deadlines, reports, tickets
from shared.contracts.envelope import MalformedEventError
from shared.contracts.ids import fact_id, new_id
from shared.contracts.parts import Actor, DeadlineKind, Place, Result, Role
from shared.contracts.reports import FactsTrue
from shared.contracts.tickets import CallbackResult, Satisfaction
from shared.contracts.values import Due, Relation, Urgency, WhistleKind
from shared.errors import ConflictError, InvalidError, NotFoundError
from shared.runtime import history
from shared.runtime.incoming import Incoming, Unreadable
from tests.unit.router.samples import COMMUNITY, HANDLER, MONDAY, STREET, city, registered

LEAD = "BH-CGJ"
TRACE = f"00-{'a' * 32}-{'b' * 16}-01"
DISPATCHER = Actor(role=Role.DISPATCHER, unit="C-RXZX", name="派单员一")
REVIEWER = Actor(role=Role.REVIEWER, unit="C-RXZX", name="审核员二")
SUPERVISOR = Actor(role=Role.SUPERVISOR, unit="C-RXZX", name="督办员三")


def incoming(data: Any, *, topic: str, at: datetime, offset: int = 0) -> Incoming:
    return Incoming(
        topic=topic,
        partition=0,
        offset=offset,
        received_at=at,
        event_id=str(uuid4()),
        source="/test",
        type=data.TYPE,
        subject="x",
        time=at,
        data=data,
        traceparent=TRACE,
        value=b"",
    )


@dataclass
class Desk:
    """The router's database, its city, and the verbs at hand; time stands still unless told."""

    pool: asyncpg.Pool
    city: City
    now: datetime = MONDAY

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[asyncpg.Connection]:
        async with self.pool.acquire() as connection, connection.transaction():
            yield connection

    async def hears(self, *facts: tickets.TicketFact) -> None:
        events = [incoming(fact, topic="tickets", at=self.now) for fact in facts]
        async with self.transaction() as connection:
            await follow_tickets(connection, events, city=self.city, now=self.now)

    async def registers(self, number: int = 1, **fields: Any) -> list[UUID]:
        ids = [new_id(self.now) for _ in range(number)]
        await self.hears(*(registered(ticket_id=ticket_id, **fields) for ticket_id in ids))
        return ids

    async def reports(self, *said: tuple[str, reports.Report]) -> None:
        events = [
            incoming(report, topic=f"bureau.{unit}.reports", at=self.now, offset=n)
            for n, (unit, report) in enumerate(said)
        ]
        async with self.transaction() as connection:
            await judge_events(connection, events, city=self.city, now=self.now)

    async def does(self, verb: Any, *args: Any, **more: Any) -> Any:
        async with self.transaction() as connection:
            return await verb(
                connection, *args, city=self.city, now=self.now, traceparent=None, **more
            )

    async def rows(self, statement: str, *args: Any) -> list[asyncpg.Record]:
        return await self.pool.fetch(statement, *args)

    async def whistle(self, ticket_id: UUID) -> UUID:
        """The ticket's latest whistle."""
        found = await self.rows(
            "select whistle_id from whistle where demand_ticket = $1 order by round desc", ticket_id
        )
        return found[0]["whistle_id"]

    async def said(self, topic: str | None = None) -> list[dict[str, Any]]:
        """The outgoing events, in order."""
        found = await self.rows(
            "select payload from outbox where $1::text is null or aggregatetype = $1 order by id",
            topic,
        )
        return [json.loads(row["payload"]) for row in found]

    async def types(self, topic: str) -> list[str]:
        return [event["type"].split(".")[2] for event in await self.said(topic)]


@pytest.fixture
async def desk(database) -> AsyncIterator[Desk]:
    pool = await asyncpg.create_pool(await database(MIGRATIONS), min_size=1, max_size=5)
    async with pool.acquire() as connection, connection.transaction():
        catalogue = await seed(connection, city().catalogue, policy="p", now=MONDAY)
    yield Desk(pool=pool, city=replace(city(), catalogue=catalogue))
    await pool.close()


def ack(whistle_id: UUID) -> reports.Acknowledged:
    return reports.Acknowledged(whistle_id=whistle_id, handler=HANDLER, at=MONDAY)


def resolved(whistle_id: UUID) -> reports.Resolved:
    return reports.Resolved(
        whistle_id=whistle_id,
        handler=HANDLER,
        at=MONDAY,
        result=Result.SOLVED,
        facts_true=FactsTrue.YES,
        measures="已清理",
        public_reply="已清理完毕。",
        contacted_how=reports.ContactMeans.PHONE,
    )


def returning(whistle_id: UUID, suggested: str | None = None) -> reports.ReturnRequested:
    return reports.ReturnRequested(
        whistle_id=whistle_id,
        handler=HANDLER,
        at=MONDAY,
        reason=reports.ReturnReason.NOT_DUTY,
        clause="第十二条",
        suggested_unit=suggested,
    )


async def test_the_units_are_seeded_once_and_the_table_is_the_truth_afterwards(desk: Desk):
    declared = await desk.said("units")
    assert len(declared) == len(city().catalogue.units)
    assert {event["subject"] for event in declared} == set(city().catalogue.units)
    await desk.rows("update unit set name = '新名字', duty_24h = false where code = 'BH-CGJ'")
    await desk.rows(
        "update unit set active = false, removed_at = $1, removed_why = '并入市局'"
        " where code = 'BH-SCJ'",
        MONDAY,
    )
    async with desk.transaction() as connection:
        again = await seed(connection, city().catalogue, policy="p", now=MONDAY)
    assert len(await desk.said("units")) == len(declared)
    assert again.unit("BH-CGJ").name == "新名字"
    assert "BH-SCJ" not in again.units
    assert again.units_for("SCJ", COMMUNITY)[0].code == "C-SCJ", "the city's takes its place"


async def test_a_ticket_is_whistled_with_everything_in_one_transaction(desk: Desk):
    (ticket_id,) = await desk.registers()
    (blown,) = await desk.said("whistles")
    assert blown["type"] == "shaodao.whistle.blown.v1"
    assert blown["traceparent"] == TRACE
    whistle_id = UUID(blown["subject"])
    assert blown["id"] == str(fact_id(whistle_id, 1))
    assert blown["data"]["ticket_ids"] == [str(ticket_id)]
    for unit in (LEAD, "BH-SCJ", STREET):
        (view,) = await desk.said(f"bureau.{unit}.whistles")
        assert view["type"] == "shaodao.bureau.whistled.v1"
        assert view["data"]["assignment"]["unit"] == unit
        assert "trace" not in view["data"]


def shape(events: Sequence[dict[str, Any]]) -> list[Any]:
    """Events without the ids and numbers that a second run cannot repeat."""
    ids = {
        "whistle_id",
        "ticket_ids",
        "ticket_id",
        "assignment_id",
        "number",
        "report_id",
        "offset",
    }

    def strip(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: strip(each) for key, each in value.items() if key not in ids}
        return [strip(each) for each in value] if isinstance(value, list) else value

    return [(event["type"], strip(event["data"])) for event in events]


async def test_a_batch_is_the_same_as_one_by_one(desk: Desk, database):
    categories = ["0101", None, "0205", "2602", "0111"] * 4
    facts = [registered(ticket_id=new_id(MONDAY), category=c) for c in categories]
    ends = [
        tickets.Withdrawn(seq=2, actor=DISPATCHER, ticket_id=f.ticket_id, ex_officio=False)
        for f in facts[::3]
    ]
    await desk.hears(*facts, *ends)
    pool = await asyncpg.create_pool(await database(MIGRATIONS), min_size=1, max_size=2)
    alone = Desk(pool=pool, city=desk.city)
    for fact in (*facts, *ends):
        await alone.hears(fact)
    try:
        assert shape(await desk.said("whistles")) == shape(await alone.said("whistles"))
        for unit in (LEAD, STREET, "C-SZZ"):
            topic = f"bureau.{unit}.whistles"
            assert shape(await desk.said(topic)) == shape(await alone.said(topic))
        held = "select count(*) from whistle where state = 'held'"
        assert await desk.rows(held) == await alone.rows(held)
    finally:
        await pool.close()


async def test_reports_of_one_batch_build_on_each_other(desk: Desk):
    (ticket_id,) = await desk.registers(category="0205")  # one lead, the street informed
    whistle_id = await desk.whistle(ticket_id)
    assist = [u for u in await desk.rows("select unit from assignment where relation='assisting'")]
    said = [(row["unit"], kind(whistle_id)) for row in assist for kind in (ack, resolved)]
    await desk.reports(
        *said,
        ("C-SZZ", ack(whistle_id)),
        ("C-SZZ", ack(whistle_id)),
        ("C-SZZ", resolved(whistle_id)),
        ("BH-CGJ", ack(whistle_id)),
    )
    assert (await desk.types("bureau.C-SZZ.whistles")) == [
        "whistled",
        "units_changed",  # the assisting unit is done
        "report_accepted",
        "report_refused",
        "report_accepted",
    ]
    (refused,) = [e for e in await desk.said("bureau.BH-CGJ.whistles")]
    assert refused["data"]["code"] == "wrong_unit"
    (row,) = await desk.rows("select state from assignment where unit = 'C-SZZ'")
    assert row["state"] == "done"


async def test_every_refusal_has_its_code_and_goes_to_the_reporters_topic(desk: Desk):
    first, second = await desk.registers(2)
    await desk.hears(
        tickets.Closed(
            seq=2,
            actor=DISPATCHER,
            ticket_id=first,
            result=CallbackResult.SOLVED,
            satisfaction=Satisfaction.SATISFIED,
        )
    )
    ended, running = await desk.whistle(first), await desk.whistle(second)
    unknown = uuid4()
    await desk.reports(
        (LEAD, ack(ended)), (LEAD, ack(unknown)), (LEAD, resolved(running)), ("C-ZJJ", ack(running))
    )
    told = [
        (e["data"]["code"], e["data"]["whistle_id"])
        for unit in (LEAD, "C-ZJJ")
        for e in await desk.said(f"bureau.{unit}.whistles")
        if e["type"].endswith("report_refused.v1")
    ]
    assert told == [
        ("stale", str(ended)),
        ("unknown_whistle", str(unknown)),
        ("wrong_state", str(running)),
        ("wrong_unit", str(running)),
    ]


async def test_unreadable_records_are_answered(desk: Desk):
    whistle_id = uuid4()
    bad = [
        Unreadable(
            topic=f"bureau.{LEAD}.reports",
            partition=0,
            offset=offset,
            received_at=MONDAY,
            broker_time=MONDAY,
            key=None,
            value=b"",
            error=error,
        )
        for offset, error in enumerate(
            [
                MalformedEventError("not_json", "no JSON"),
                MalformedEventError(
                    "invalid_data", "data.how: wrong", event_id="r-7", subject=str(whistle_id)
                ),
            ]
        )
    ]
    async with desk.transaction() as connection:
        await refuse_unreadable(connection, bad, city=desk.city, now=MONDAY)
    garbage, wrong = await desk.said(f"bureau.{LEAD}.whistles")
    assert garbage["subject"] == f"bureau.{LEAD}.reports"
    assert garbage["data"]["report_id"] == "0/0"
    assert garbage["id"] != wrong["id"]
    assert wrong["subject"] == str(whistle_id)
    assert (wrong["data"]["report_id"], wrong["data"]["code"]) == ("r-7", "invalid")
    assert "data.how" in wrong["data"]["en"]


async def test_returned_ruled_and_returned_again_goes_to_the_supervisor(desk: Desk):
    (ticket_id,) = await desk.registers()
    whistle_id = await desk.whistle(ticket_id)
    await desk.reports((LEAD, returning(whistle_id, "BH-ZJJ")))
    ruling = Ruling(unit=LEAD, decision=ReturnDecision.RETURNED, reason="归住建", new_unit="BH-ZJJ")
    after = await desk.does(rule.rule, whistle_id, ruling, actor=REVIEWER)
    assert after.lead().unit == "BH-ZJJ"
    assert (await desk.types("whistles"))[-3:] == [
        "return_requested",
        "unit_returned",
        "unit_offered",
    ]
    (new,) = await desk.said("bureau.BH-ZJJ.whistles")
    assert new["data"]["title"] == "占道经营", "the words come from the ticket"
    await desk.reports((LEAD, ack(whistle_id)), ("BH-ZJJ", returning(whistle_id)))
    asked = (await desk.said("whistles"))[-1]
    assert asked["data"]["adjudicate"] is True
    again = Ruling(unit="BH-ZJJ", decision=ReturnDecision.REFUSED, reason="终裁")
    final = await desk.does(rule.rule, whistle_id, again, actor=SUPERVISOR)
    assert final.lead().unit == "BH-ZJJ"
    assert (await desk.types("whistles"))[-1] == "adjudicated"


async def test_a_return_counts_in_the_next_round_too(desk: Desk):
    (ticket_id,) = await desk.registers()
    first = await desk.whistle(ticket_id)
    await desk.reports((LEAD, returning(first)))
    kept = Ruling(unit=LEAD, decision=ReturnDecision.REFUSED, reason="属本单位")
    await desk.does(rule.rule, first, kept, actor=REVIEWER)
    await desk.hears(
        tickets.ReworkRequested(
            seq=4,
            actor=DISPATCHER,
            ticket_id=ticket_id,
            round=2,
            result=CallbackResult.UNSOLVED,
            satisfaction=Satisfaction.UNSATISFIED,
        )
    )
    second = await desk.whistle(ticket_id)
    assert second != first
    await desk.reports((LEAD, returning(second)), (LEAD, ack(first)))
    codes = [
        event["data"]["code"]
        for event in await desk.said(f"bureau.{LEAD}.whistles")
        if event["type"].endswith("report_refused.v1")
    ]
    assert codes == ["wrong_state", "stale"]


async def test_more_time_is_granted_and_kept(desk: Desk):
    (ticket_id,) = await desk.registers()
    whistle_id = await desk.whistle(ticket_id)
    ask = reports.ExtensionRequested(
        whistle_id=whistle_id, handler=HANDLER, at=MONDAY, amount=5, unit="WD", reason="材料"
    )
    await desk.reports((LEAD, ack(whistle_id)), (LEAD, ask))
    grant = Extension(unit=LEAD, decision=ExtensionDecision.GRANTED, reason="同意")
    await desk.does(rule.extend, whistle_id, grant, actor=REVIEWER)
    async with desk.pool.acquire() as connection:
        detail = await look.detail(connection, whistle_id, sight=Sight(), now=MONDAY)
    lead = detail.whistle.assignments[0]
    assert lead.resolve is not None
    assert lead.resolve.rule == "5WD+5WD"
    assert [moment.what for moment in detail.timeline] == [
        "blown",
        "acknowledged",
        "extension_requested",
        "due_changed",
    ]
    assert detail.timeline[2].after["words"]["amount"] == 5


async def test_held_dispatched_by_a_person_within_the_hard_guard(desk: Desk):
    (ticket_id,) = await desk.registers(category="2602")
    async with desk.pool.acquire() as connection:
        page = await waiting.held(connection, Wanted(), now=MONDAY, cursor=None, limit=10)
    assert [item.ticket_id for item in page.items] == [ticket_id]
    assert page.items[0].candidates[0].unit == "U-TX1"
    send = by_hand.dispatch_held
    with pytest.raises(InvalidError):
        await desk.does(send, ticket_id, Dispatching(lead=STREET), actor=DISPATCHER)
    with pytest.raises(InvalidError):
        await desk.does(
            send, ticket_id, Dispatching(lead="U-TX2", assisting=("NO", "U-TX2")), actor=DISPATCHER
        )
    with pytest.raises(NotFoundError):
        await desk.does(send, uuid4(), Dispatching(lead="U-TX2"), actor=DISPATCHER)
    whistle = await desk.does(send, ticket_id, Dispatching(lead="U-TX2"), actor=DISPATCHER)
    assert whistle.dispatcher_name == "派单员一"
    assert (await desk.types("whistles")) == ["held", "blown"]
    with pytest.raises(ConflictError):
        await desk.does(send, ticket_id, Dispatching(lead="U-TX1"), actor=DISPATCHER)
    await desk.reports(("U-TX2", returning(whistle.whistle_id)))
    by_same = Actor(role=Role.REVIEWER, name="派单员一")
    kept = Ruling(unit="U-TX2", decision=ReturnDecision.REFUSED, reason="属本单位")
    with pytest.raises(Exception, match="dispatcher"):
        await desk.does(rule.rule, whistle.whistle_id, kept, actor=by_same)


async def test_the_held_list_has_pages(desk: Desk):
    ids = await desk.registers(5, category=None)
    seen: list[UUID] = []
    cursor = None
    async with desk.pool.acquire() as connection:
        for _ in range(3):
            page = await waiting.held(connection, Wanted(), now=MONDAY, cursor=cursor, limit=2)
            seen += [item.ticket_id for item in page.items]
            cursor = page.next
    assert sorted(seen) == sorted(ids)
    assert cursor is None


STREET_BLOW = Blow(
    kind=WhistleKind.JOINT_ENFORCEMENT,
    title="早市占道联合整治",
    summary="河湾路早市占道，须多部门到场会商。",
    place=Place(region=COMMUNITY, address="河湾路"),
    units=(
        Called(unit=LEAD, relation=Relation.LEAD, task="清理占道摊点"),
        Called(unit="BH-SCJ", relation=Relation.ASSISTING),
    ),
    own_effort="已三次上门劝导",
)
OFFICER = Actor(role=Role.STREET_OFFICER, unit=STREET, name="街道值班")


async def test_a_street_blows_once_for_one_key_even_at_the_same_time(desk: Desk):
    async def send(blow_: Blow = STREET_BLOW, key: str = "k-1") -> blow.Blown:
        return await desk.does(blow.blow, blow_, actor=OFFICER, key=key)

    answers = await asyncio.gather(send(), send(), send())
    assert len({answer.whistle.whistle_id for answer in answers}) == 1
    assert sorted(answer.new for answer in answers) == [False, False, True]
    with pytest.raises(ConflictError):
        await send(replace(STREET_BLOW, title="另一件事"))
    assert (await send(key="k-2")).new
    assert (await desk.types("whistles")) == ["blown", "blown"]
    (row, _) = await desk.rows("select blower, demand_ticket from whistle order by whistle_id")
    assert (row["blower"], row["demand_ticket"]) == (STREET, None)


async def test_a_streets_joint_whistle_waits_for_acceptance_when_done(desk: Desk):
    blown = await desk.does(blow.blow, STREET_BLOW, actor=OFFICER, key=None)
    whistle_id = blown.whistle.whistle_id
    for unit in ("BH-SCJ", LEAD):
        await desk.reports((unit, ack(whistle_id)), (unit, resolved(whistle_id)))
    (row,) = await desk.rows("select state from whistle where whistle_id = $1", whistle_id)
    assert row["state"] == "awaiting_acceptance"


async def test_who_sees_which_whistle(desk: Desk):
    (ticket_id,) = await desk.registers()
    whistle_id = await desk.whistle(ticket_id)
    sees = {
        Sight(): True,
        Sight(unit=LEAD): True,
        Sight(unit=STREET, region="159902001"): True,
        Sight(unit=f"Q-{COMMUNITY}", region=COMMUNITY): True,
        Sight(unit="BH-ZJJ"): False,
        Sight(unit="S-159902002", region="159902002"): False,
    }
    async with desk.pool.acquire() as connection:
        for sight, may in sees.items():
            page = await look.listed(
                connection,
                ticket_id=ticket_id,
                unit=None,
                state=None,
                sight=sight,
                now=MONDAY,
                cursor=None,
                limit=10,
            )
            assert bool(page.items) == may, sight
            if may:
                await look.detail(connection, whistle_id, sight=sight, now=MONDAY)
            else:
                with pytest.raises(NotFoundError):
                    await look.detail(connection, whistle_id, sight=sight, now=MONDAY)


def missed(kind: DeadlineKind, **about: Any) -> Incoming:
    due = Due(by=MONDAY, rule="8wh", started_at=MONDAY, calendar="cn", policy="p")
    fact = deadlines.Missed(
        seq=1,
        actor=Actor(role=Role.SYSTEM),
        deadline_id=uuid4(),
        kind=kind,
        round=1,
        due=due,
        **about,
    )
    return incoming(fact, topic="deadlines", at=MONDAY + timedelta(hours=9))


async def test_silence_is_deemed_and_overdue_urgent_tickets_are_dispatched(desk: Desk):
    (quiet,) = await desk.registers()
    (urgent,) = await desk.registers(category="2602", urgency=Urgency.URGENT)
    (normal,) = await desk.registers(category=None)
    whistle_id = await desk.whistle(quiet)
    (row,) = await desk.rows(
        "select assignment_id from assignment where whistle_id = $1 and unit = $2", whistle_id, LEAD
    )
    events = [
        missed(
            DeadlineKind.DEEMED,
            whistle_id=whistle_id,
            assignment_id=row["assignment_id"],
            unit=LEAD,
        ),
        missed(DeadlineKind.DEEMED, whistle_id=uuid4(), assignment_id=uuid4()),
        missed(DeadlineKind.RESOLVE, whistle_id=whistle_id),
        missed(DeadlineKind.DISPATCH, ticket_id=urgent),
        missed(DeadlineKind.DISPATCH, ticket_id=normal),
        missed(DeadlineKind.DISPATCH, ticket_id=uuid4()),
    ]
    async with desk.transaction() as connection:
        await deem.heed_deadlines(connection, events, city=desk.city, now=MONDAY)
    assert (await desk.types("whistles"))[-3:] == [
        "deemed_acknowledged",
        "blown",
        "held_handed_over",
    ]
    provisional, alarm = (each["data"] for each in (await desk.said("whistles"))[-2:])
    assert provisional["provisional"] is True
    assert provisional["assignments"][0]["unit"] == "U-TX1"
    assert (alarm["ticket_ids"], alarm["to_role"]) == ([str(normal)], "shift_lead")
    states = {r["demand_ticket"]: r["state"] for r in await desk.rows("select * from whistle")}
    assert states == {quiet: "open", urgent: "open", normal: "held"}


async def test_the_history_is_a_chain(desk: Desk):
    (ticket_id,) = await desk.registers()
    whistle_id = await desk.whistle(ticket_id)
    await desk.reports((LEAD, ack(whistle_id)), ("BH-SCJ", ack(whistle_id)))
    found = await desk.rows(
        "select * from history where aggregate_id = $1 order by seq", whistle_id
    )
    last = history.FIRST_HASH
    for number, row in enumerate(found, 1):
        entry = history.entry(
            whistle_id,
            seq=number,
            at=row["at"],
            what=row["what"],
            actor=Actor(role=Role(row["role"]), unit=row["unit"], name=row["actor_name"]),
            before=row["before"],
            after=row["after"],
            policy=row["policy"],
            previous_hash=last,
        )
        assert (row["previous_hash"], row["hash"]) == (last, entry.hash)
        last = entry.hash
    (whistle,) = await desk.rows("select * from whistle where whistle_id = $1", whistle_id)
    assert (whistle["seq"], whistle["history_hash"]) == (3, last)


IMPOSSIBLE = {
    "a second lead": "update assignment set relation = 'lead' where relation = 'assisting'",
    "an unknown state": "update assignment set state = 'sleeping'",
    "an unknown whistle state": "update whistle set state = 'lost'",
    "done without a time": "update assignment set state = 'done'",
    "interrupted without a way back": "update assignment set state = 'paused'",
    "a unit twice": "update assignment set unit = 'BH-CGJ' where relation = 'assisting'",
    "a second whistle of the round": (
        "insert into whistle (whistle_id, number, kind, state, round, urgency, demand_ticket,"
        " provisional, dispatcher_role, blown_at, seq, history_hash, content)"
        " select gen_random_uuid(), 'S2', kind, state, round, urgency, demand_ticket, provisional,"
        " dispatcher_role, blown_at, seq, history_hash, content from whistle"
    ),
    "open but never blown": "update whistle set blown_at = null",
    "a street's kind for one ticket": "update whistle set kind = 'key_work'",
    "merged into nothing": "update ticket set state = 'merged'",
}


async def test_the_database_refuses_impossible_states(desk: Desk):
    await desk.registers()
    for what, statement in IMPOSSIBLE.items():
        refused = False
        try:
            await desk.rows(statement)
        except asyncpg.IntegrityConstraintViolationError:
            refused = True
        assert refused, what


async def test_reports_touch_no_index(desk: Desk):
    ids = await desk.registers(50)
    # A page keeps room for some of its rows at a time; those of one second lie on many pages.
    said = [(LEAD, ack(await desk.whistle(ticket_id))) for ticket_id in ids[::5]]
    await desk.reports(*said)
    async with desk.pool.acquire() as connection:
        await connection.execute("select pg_stat_force_next_flush()")
        found = await connection.fetch(
            "select relname, n_tup_upd, n_tup_hot_upd from pg_stat_user_tables"
            " where relname in ('whistle', 'assignment')"
        )
    for row in found:
        assert row["n_tup_upd"] == 10
        assert row["n_tup_hot_upd"] == row["n_tup_upd"], row["relname"]


PLANS = {
    "whistles": ([uuid4()],),
    "assignments": ([uuid4()],),
    "assignments_of_units": ([uuid4()], [LEAD]),
    "tickets": ([uuid4()],),
    "whistles_of_tickets": ([uuid4()],),
    "returns_asked": ([uuid4()],),
    "demanded": ([uuid4()],),
}


async def test_every_statement_of_the_hot_path_uses_its_index(desk: Desk):
    await desk.registers(300)
    await desk.registers(3, category=None)
    async with desk.pool.acquire() as connection, connection.transaction():
        await connection.execute("analyze; set local enable_seqscan = off")
        wanted = [(name, getattr(SQL, name), args) for name, args in PLANS.items()]
        wanted.append(("held", queue.SQL.held, (*[None] * 7, 100)))
        for name, statement, args in wanted:
            plan = await connection.fetch(f"explain {statement}", *args)
            text = "\n".join(row[0] for row in plan)
            assert "Seq Scan" not in text, (name, text)
