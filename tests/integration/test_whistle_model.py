"""Random commands, legal and not: lifecycles, tables and events never disagree.

Each step gives one command to the router's verbs on a real PostgreSQL, at a time that only goes
on. What is refused changes nothing. After each step the state in the tables is what the lifecycle
says, what the facts tell, and what each unit is told on its own topic.
"""

import asyncio
import json
import os
from collections import Counter
from collections.abc import Coroutine, Sequence
from datetime import timedelta
from random import Random
from typing import Any, ClassVar
from uuid import UUID, uuid4

import asyncpg
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from services.router import blow, deem
from services.router.app import MIGRATIONS
from services.router.domain.assignment import ASSIGNMENT
from services.router.domain.city import City
from services.router.domain.reports.judgement import Refused
from services.router.follow import follow_tickets
from services.router.judge import Reported, judge_requests
from shared.contracts import deadlines, reports, tickets
from shared.contracts.ids import new_id
from shared.contracts.parts import Actor, AssignmentState, DeadlineKind, Role
from shared.contracts.tickets import CallbackResult, Satisfaction
from shared.contracts.values import Due, Relation, Urgency
from shared.errors import ShaodaoError
from shared.runtime import history
from tests.support.router_desk import desk_on, incoming
from tests.support.whistle_choices import (
    ASSISTING,
    BLOW,
    COMMANDS,
    FILLED,
    KINDS,
    OFTEN,
    OTHER,
    PEOPLE,
    SELDOM_INFORMED,
    STRANGER,
    UNITS,
    WORKER,
    Row,
    given,
    options,
    part_state,
)
from tests.support.whistle_fold import Heard, Told
from tests.unit.router.samples import HANDLER, MONDAY, registered

STEPS = int(os.environ.get("SHAODAO_MODEL_STEPS", "25"))
RUNS = int(os.environ.get("SHAODAO_MODEL_RUNS", "30"))
PASSING = st.sampled_from([timedelta(0)] * 20 + [timedelta(minutes=40), timedelta(days=2)])
SHORT = [timedelta(0)] * 8 + [timedelta(minutes=10), timedelta(hours=3)]
OVER = (AssignmentState.DONE, AssignmentState.RETURNED, AssignmentState.RELEASED)
REACHED = {
    *("blown", "acknowledged", "deemed_acknowledged", "contacted", "arrived", "progressed"),
    *("return_requested", "unit_returned", "unit_offered", "return_refused", "disputed"),
    *("adjudicated", "assisting_added", "extension_requested", "suspension_requested"),
    *("suspended", "resumed", "resolved", "released", "consulted", "withdrawn", "taken_over"),
    *("release_requested", "release_refused"),
}
"""What the runs must have led to, or they prove little."""


class Whistles(RuleBasedStateMachine):
    """One whistle, a citizen's demand or a community's joint matter, and whatever befalls it."""

    pool: ClassVar[asyncpg.Pool]
    loop: ClassVar[asyncio.AbstractEventLoop]
    city: ClassVar[City]
    seen: ClassVar[Counter[str]] = Counter()  # the kinds of facts that all runs led to

    def __init__(self) -> None:
        super().__init__()
        self.now = MONDAY
        self.whistle_id = UUID(int=0)
        self.ticket_id: UUID | None = None
        self.read = 0  # the last outbox row that was heard
        self.heard = Heard()
        self.told = {unit: Told(unit) for unit in UNITS}
        self.accepted = 0
        self.steps = 0

    # How a whistle begins

    @initialize(
        joint=st.booleans(),
        urgency=st.sampled_from((Urgency.NORMAL, Urgency.NORMAL, Urgency.URGENT)),
        confidential=st.sampled_from((False, False, False, True)),
    )
    def begin(self, joint: bool, urgency: Urgency, confidential: bool) -> None:
        self._wait(self._begin(joint, urgency, confidential))

    async def _begin(self, joint: bool, urgency: Urgency, confidential: bool) -> None:
        self.read = await self.pool.fetchval("select coalesce(max(id), 0) from outbox")
        if joint:
            await self._blow()
        else:
            self.ticket_id = new_id(self.now)
            fact = registered(
                ticket_id=self.ticket_id,
                urgency=urgency,
                confidential=confidential,
                contactable=not confidential,
            )
            await self._follow(fact)
            self.whistle_id = await self.pool.fetchval(
                "select whistle_id from whistle where demand_ticket = $1", self.ticket_id
            )
        await self._compare()

    async def _blow(self) -> None:
        async with self.pool.acquire() as connection, connection.transaction():
            blown = await blow.blow(
                connection, BLOW, actor=WORKER, key=None, city=self.city, now=self.now,
                traceparent=None,
            )  # fmt: skip
        self.whistle_id = blown.whistle.whistle_id

    # What befalls it

    @rule(
        unit=SELDOM_INFORMED,
        kind=st.one_of(st.sampled_from(KINDS), st.sampled_from(OFTEN)),
        passing=PASSING,
    )
    def report(self, unit: str, kind: type[reports.Report], passing: timedelta) -> None:
        self.now += passing
        self._wait(self._report(unit, kind))

    async def _report(self, unit: str, kind: type[reports.Report]) -> None:
        before = await self._rows()
        words = dict(FILLED.get(kind, {}))
        if kind is reports.Resolved:  # no two replies are alike
            words["public_reply"] = f"已处理完毕 {uuid4()} {uuid4()}"
        said = kind(whistle_id=self.whistle_id, handler=HANDLER, at=self.now, **words)
        reported = Reported(
            unit=unit,
            actor=Actor(role=Role.LIAISON, unit=unit, name="联络员"),
            report=said,
            report_id=str(uuid4()),
            received_at=self.now,
            traceparent=None,
        )
        async with self.pool.acquire() as connection, connection.transaction():
            (answer,) = await judge_requests(connection, [reported], city=self.city, now=self.now)
        after = await self._rows()
        self._judged(unit, kind, answer, before, after)
        await self._compare()

    def _judged(
        self,
        unit: str,
        kind: type[reports.Report],
        answer: object,
        before: Sequence[Row],
        after: Sequence[Row],
    ) -> None:
        """The lifecycle's word on what was done with the report."""
        was = part_state(before, unit)
        if isinstance(answer, Refused):
            assert before == after, f"{kind.__name__} was refused, and something changed"
            return
        self.accepted += 1
        assert was is not None, f"{unit} has no part, and its {kind.__name__} counts"
        command = COMMANDS.get(kind)
        if command is not None:
            assert ASSIGNMENT.allows(was, command), f"{kind.__name__} counts in {was}"

    @rule(
        who=PEOPLE,
        unit=SELDOM_INFORMED,
        command=st.sampled_from(
            (
                *("rule", "adjudicate", "extend", "suspend", "resume", "review", "assist"),
                *("take_over", "withdraw", "consult", "accept", "fail", "release", "evaluate"),
            )
        ),
        yes=st.booleans(),
        new_unit=st.sampled_from((None, OTHER, ASSISTING, STRANGER)),
        passing=PASSING,
    )
    def command(
        self,
        who: Actor,
        unit: str,
        command: str,
        yes: bool,
        new_unit: str | None,
        passing: timedelta,
    ) -> None:
        self.now += passing
        self._wait(self._command(who, unit, command, yes, new_unit))

    async def _command(
        self, who: Actor, unit: str, command: str, yes: bool, new_unit: str | None
    ) -> None:
        verb, body, more = given(command, unit, yes, new_unit)
        before = await self._rows()
        refused = None
        try:
            async with self.pool.acquire() as connection, connection.transaction():
                await verb(
                    connection, self.whistle_id, body, actor=who, city=self.city, now=self.now,
                    traceparent=None, **more,
                )  # fmt: skip
        except ShaodaoError as error:
            refused = error
        if refused is None:
            self.accepted += 1
        else:
            assert refused.zh, f"{command} is refused without a word"
            assert before == await self._rows(), f"{command} was refused, and something changed"
        await self._compare()

    @rule(seed=st.integers(0, 2**32))
    def likely(self, seed: int) -> None:
        """Four things that the state asks for, so that the runs get far; each may be refused.

        Drawn from a seed: Hypothesis by itself prefers the first of everything.
        """
        for _ in range(4):
            self.steps += 1
            chance = Random(f"{seed}/{self.steps}")
            self.now += chance.choice(SHORT)
            self._wait(self._likely(chance))

    async def _likely(self, chance: Random) -> None:
        whistle = await self.pool.fetchrow(
            "select state, kind from whistle where whistle_id = $1", self.whistle_id
        )
        asked = await self._asked_to_go()
        unit, what, who = chance.choice(options(whistle, await self._rows(), asked))
        if isinstance(what, str):
            assert who is not None
            new_unit = chance.choice((None, OTHER, ASSISTING, STRANGER))
            await self._command(who, unit, what, chance.random() < 0.6, new_unit)
        else:
            await self._report(unit, what)

    @rule(unit=SELDOM_INFORMED)
    def silence(self, unit: str) -> None:
        """The notifier says that twice the acknowledge limit has passed."""
        self._wait(self._silence(unit))

    async def _silence(self, unit: str) -> None:
        rows = await self._rows()
        (assignment_id,) = [row["assignment_id"] for row in rows if row["unit"] == unit][-1:] or [
            uuid4()
        ]
        due = Due(by=self.now, rule="8wh", started_at=MONDAY, calendar="cn", policy="p")
        missed = deadlines.Missed(
            seq=1,
            actor=Actor(role=Role.SYSTEM),
            deadline_id=uuid4(),
            kind=DeadlineKind.DEEMED,
            round=1,
            due=due,
            whistle_id=self.whistle_id,
            assignment_id=assignment_id,
            unit=unit,
        )
        events = [incoming(missed, topic="deadlines", at=self.now)]
        async with self.pool.acquire() as connection, connection.transaction():
            await deem.heed_deadlines(connection, events, city=self.city, now=self.now)
        await self._compare()

    @rule(what=st.sampled_from(("supplemented", "supplemented", "flagged", "closed", "withdrawn")))
    def ticket(self, what: str) -> None:
        """Intake says something of the ticket; ends are seldom, as they end the story."""
        if self.ticket_id is not None and (
            what in ("supplemented", "flagged") or self.accepted > 8
        ):
            self._wait(self._ticket(what, self.ticket_id))

    async def _ticket(self, what: str, ticket_id: UUID) -> None:
        common: dict[str, Any] = {"seq": 9, "ticket_id": ticket_id}
        clerk = Actor(role=Role.CALLBACK_CLERK)
        facts: dict[str, tickets.TicketFact] = {
            "supplemented": tickets.Supplemented(**common, actor=clerk, text="在三单元门口"),
            "flagged": tickets.GroupFlagged(
                **common, actor=clerk, urgency=Urgency.URGENT, callers=6
            ),
            "closed": tickets.Closed(
                **common, actor=clerk, result=CallbackResult.SOLVED,
                satisfaction=Satisfaction.SATISFIED,
            ),
            "withdrawn": tickets.Withdrawn(**common, actor=clerk, ex_officio=False),
        }  # fmt: skip
        await self._follow(facts[what])
        await self._compare()

    # What must hold

    async def _compare(self) -> None:
        """The tables, the facts and the views tell the same."""
        rows = await self.pool.fetch(
            "select id, aggregatetype, aggregateid, payload from outbox where id > $1 order by id",
            self.read,
        )
        for row in rows:
            self.read, event = row["id"], json.loads(row["payload"])
            if event["subject"] != str(self.whistle_id):
                continue
            if row["aggregatetype"] == "whistles":
                self.heard.hear(event)
                self.seen[event["type"].split(".")[2]] += 1
            elif (unit := row["aggregatetype"].split(".")[1]) in self.told:
                self.told[unit].hear(event)
        parts = await self._rows()
        whistle = await self.pool.fetchrow(
            "select state, seq, history_hash from whistle where whistle_id = $1", self.whistle_id
        )
        assert whistle is not None
        assert self.heard.state == whistle["state"], "facts and table"
        assert {id_: state for id_, (_, _, state) in self.heard.parts.items()} == {
            str(row["assignment_id"]): row["state"] for row in parts
        }, "facts and parts"
        assert self.heard.seq <= whistle["seq"]
        helping = {
            row["unit"] for row in parts
            if row["relation"] == Relation.ASSISTING and row["state"] not in OVER
        }  # fmt: skip
        assert await self._asked_to_go() <= helping, "who waits to be let go, and who assists"
        for unit, told in self.told.items():
            assert told.state == part_state(parts, unit), f"what {unit} was told, and its part"
        await self._history_holds(whistle)

    async def _history_holds(self, whistle: Row) -> None:
        """Each row of the history is hashed over the one before; the last is the whistle's."""
        rows = await self.pool.fetch(
            "select seq, previous_hash, hash from history where aggregate_id = $1 order by seq",
            self.whistle_id,
        )
        assert [row["seq"] for row in rows] == list(range(1, whistle["seq"] + 1))
        before = history.FIRST_HASH
        for row in rows:
            assert row["previous_hash"] == before
            before = row["hash"]
        assert before == whistle["history_hash"]

    # By hand

    async def _rows(self) -> list[Row]:
        return await self.pool.fetch(
            "select * from assignment where whistle_id = $1 order by place", self.whistle_id
        )

    async def _asked_to_go(self) -> set[str]:
        """The units that the lead would let go, and nobody has decided on yet."""
        found = await self.pool.fetch(
            "select unit from review where whistle_id = $1 and kind = 'release'"
            " and state = 'pending'",
            self.whistle_id,
        )
        return {row["unit"] for row in found}

    async def _follow(self, fact: tickets.TicketFact) -> None:
        events = [incoming(fact, topic="tickets", at=self.now)]
        async with self.pool.acquire() as connection, connection.transaction():
            await follow_tickets(connection, events, city=self.city, now=self.now)

    def _wait(self, coroutine: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(60)


async def test_lifecycles_tables_and_events_never_disagree(database: Any) -> None:
    async with desk_on(await database(MIGRATIONS)) as desk:

        class Here(Whistles):
            loop = asyncio.get_running_loop()

        Here.pool, Here.city = desk.pool, desk.city
        await asyncio.to_thread(
            run_state_machine_as_test,
            Here,
            settings=settings(
                max_examples=RUNS,
                stateful_step_count=STEPS,
                deadline=None,
                derandomize="SHAODAO_MODEL_RUNS" not in os.environ,
                suppress_health_check=list(HealthCheck),
            ),
        )
    assert set(Whistles.seen) >= REACHED, "the runs stay too near the beginning"
