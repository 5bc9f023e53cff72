"""The kill story: a city at work while everything under it is killed and started again."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults import ledger
from tests.faults.departments import Department, Turns
from tests.faults.ground import KILL, STOP, Ground
from tests.faults.mischief import Mischief
from tests.faults.people import UNITS, Callers, Clerk, Reviewer
from tests.faults.plan import Fault, Kind, Size, draw
from tests.faults.topics_read import Log, lag, read_all
from tests.support.waiting import eventually

# uvicorn: killed, ended by SIGTERM once all is finished, could not start without its servers.
EXPECTED_ENDS = {-9, -15, 3}
BUGS = ("loop_ended", "event_parked", "batch_failed", "consumer_stalled", "commit_split")


@dataclass
class Story:
    """Everything that takes part."""

    ground: Ground
    seed: str
    size: Size
    turns: Turns = field(default_factory=Turns)
    departments: list[Department] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    async def run(self) -> None:
        """Load, faults and mischief together; then calm; then the rules."""
        ground, size = self.ground, self.size
        self.callers = Callers(ground, self.seed, size.tickets, size.load_seconds)
        self.mischief = Mischief(
            ground.kafka.bootstrap, ground.clock, UNITS, self.seed, size.mischief
        )
        self.departments = [
            Department(unit, ground.kafka.bootstrap, ground.clock, self.turns, self.seed)
            for unit in UNITS
        ]
        outsiders: list[Department | Mischief] = [*self.departments, self.mischief]
        await asyncio.gather(*(each.start() for each in outsiders))
        people = [
            asyncio.create_task(Clerk(ground, self.callers).run()),
            asyncio.create_task(Reviewer(ground).run()),
        ]
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.callers.run())
                group.create_task(self.mischief.run(size.load_seconds))
                group.create_task(self._break())
            self._tell("load and faults are over")
            await self._calm()
        finally:
            for person in people:
                person.cancel()
            ended = await asyncio.gather(*people, return_exceptions=True)
            await asyncio.gather(*(each.stop() for each in outsiders))
        assert all(isinstance(end, asyncio.CancelledError) for end in ended), ended

    def _tell(self, words: str) -> None:
        self.told.append(f"{time.monotonic() - self._started:6.1f} s  {words}")

    async def _break(self) -> None:
        self._started = time.monotonic()
        for fault in draw(self.seed, self.size):
            await asyncio.sleep(fault.after)  # work goes on between two faults
            self._tell(f"{fault.kind} {fault.service if fault.kind in SERVICE_FAULTS else ''}")
            await self._one(fault)

    async def _one(self, fault: Fault) -> None:
        copies = self.ground.keepers[fault.service]
        match fault.kind:
            case Kind.KILL:
                copies[fault.copy].send(KILL)
            case Kind.STOP:
                copies[fault.copy].send(STOP)
            case Kind.KAFKA:
                await self.ground.kafka_dies(away=fault.away)
            case Kind.POSTGRES:
                await self.ground.postgres_dies(away=fault.away)
            case Kind.FORWARD:
                self.ground.forward(fault.hours)
                self.turns.jumped()

    async def _calm(self) -> None:
        """Wait until the city is at rest."""
        self.turns.calm()
        await self.ground.all_ready(within=self.size.calm_within)
        self._tell("all are ready")
        await eventually(
            self._unfinished,
            until=lambda left: not left,
            within=self.size.calm_within,
            every=1.0,
        )
        self._tell("at rest")

    async def _unfinished(self) -> dict[str, Any]:
        """What still goes on; the dearer looks only when the cheaper ones find nothing."""
        for department in self.departments:
            if (error := department.failed()) is not None:
                raise error
        looks: tuple[Callable[[], Awaitable[dict[str, int]]], ...] = (
            self._waiting_units,
            self._unfinished_tickets,
            lambda: ledger.outbox_rows(self.ground.databases),
            lambda: lag(self.ground.kafka.bootstrap),
        )
        for look in looks:
            left = {name: number for name, number in (await look()).items() if number}
            if left:
                return left
        return {}

    async def _waiting_units(self) -> dict[str, int]:
        return {each.unit: each.waiting() for each in self.departments}

    async def _unfinished_tickets(self) -> dict[str, int]:
        held, left = self.callers.held(), self.callers.left_in_callback()
        wanted = {**dict.fromkeys(held, "registered"), **dict.fromkeys(left, "callback")}
        states = await ledger.states_of_tickets(self.ground.databases["intake"])
        return Counter(
            state for ticket_id, state in states.items() if state != wanted.get(ticket_id, "closed")
        )

    async def judge(self) -> None:
        """Every rule, on what stands on Kafka and in the databases."""
        log = await read_all(self.ground.kafka.bootstrap)
        books = await ledger.open_books(self.ground.databases)
        self._sum_up(log, books)
        ledger.every_ticket_exists_once(books, self.callers.accepted.values())
        ledger.every_ticket_has_its_whistle(books, log, self.callers.held())
        ledger.every_unit_was_called_once(books, log, self.departments)
        ledger.every_report_was_answered_once(log, self.departments)
        ledger.order_was_kept(log)
        ledger.every_promise_was_told_once(books, log)
        ledger.every_finished_unit_kept_its_promises(books)
        mischief = self.mischief
        ledger.only_the_poison_is_dead(books, log, mischief.poison_keys, mischief.misnamed)
        ledger.every_event_was_heard(books, log)
        ledger.nothing_is_left_over(books)
        ledger.every_history_holds(books)
        self._no_refusals_but_stale()
        self._processes_ended_as_they_should()

    def _no_refusals_but_stale(self) -> None:
        """Only a unit that was merely informed may come too late."""
        refusals = Counter[str]()
        for department in self.departments:
            refusals += department.refusals
        assert set(refusals) <= {"stale"}, refusals

    def _processes_ended_as_they_should(self) -> None:
        for keeper in self.ground.all_keepers():
            assert set(keeper.ends) <= EXPECTED_ENDS, (keeper.command.name, keeper.ends)
            lines = [line for line in keeper.log().splitlines() if any(b in line for b in BUGS)]
            assert lines == [], lines[:3]

    def _sum_up(self, log: Log, books: ledger.Books) -> None:
        again = {name: n for name, n in log.duplicates().items() if n}
        ends = {name: [k.ends for k in kept] for name, kept in self.ground.keepers.items()}
        self._tell(f"{len(self.callers.accepted)} tickets in {self.callers.tries} tries")
        self._tell(f"{len(log.records)} records on Kafka, repeated: {again}")
        self._tell(f"{sum(len(d.reports) for d in self.departments)} reports")
        self._tell(f"{sum(d.sent_again for d in self.departments)} reports sent twice")
        mischief = self.mischief
        unparsable = sum(mischief.misnamed.values())
        self._tell(f"poison {len(mischief.poison_keys)} and {unparsable}, copies {mischief.copies}")
        missed = sum(row["late"] for row in books("notifier", "deadline"))
        self._tell(f"{len(books('notifier', 'deadline'))} promises, {missed} late")
        self._tell(f"ends of processes: {ends}")


SERVICE_FAULTS = (Kind.KILL, Kind.STOP)


async def tell(folder: Path, seed: str, size: Size) -> list[str]:
    """Run one story on ground of its own; returns what happened, AssertionError when broken."""
    story = Story(Ground(folder, UNITS, copies=size.copies), seed, size)
    try:
        await story.ground.start_servers()
        await story.ground.start_services()
        await story.run()
        await story.judge()
    except BaseException as error:
        error.add_note(f"seed {seed}; logs in {folder}\n" + "\n".join(story.told))
        raise
    finally:
        await story.ground.stop()
    return story.told
