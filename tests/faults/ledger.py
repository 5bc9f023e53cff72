"""What must be true of Kafka and the databases after the story; each rule is a function."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import asyncpg

from shared.contracts.bureaus import ReportAccepted, ReportRefused
from shared.contracts.deadlines import Supervised
from shared.runtime.history import FIRST_HASH, row_hash
from tests.faults.departments import Department, parts
from tests.faults.topics_read import CONSUMED, Log

HISTORY = "select * from history order by aggregate_id, seq"
AGGREGATES = {
    "intake": "select ticket_id as aggregate_id, seq, history_hash from ticket",
    "router": "select whistle_id as aggregate_id, seq, history_hash from whistle",
    "notifier": "select deadline_id as aggregate_id, seq, history_hash from deadline",
}


class Books:
    """The tables of the three services, read once."""

    def __init__(self, rows: dict[str, dict[str, list[asyncpg.Record]]]) -> None:
        self.rows = rows

    def __call__(self, service: str, table: str) -> list[asyncpg.Record]:
        return self.rows[service][table]


QUERIES = {
    "intake": {"ticket": "select * from ticket"},
    "router": {
        "ticket": "select ticket_id, state, round from ticket",
        "whistle": "select * from whistle",
        "assignment": "select * from assignment",
    },
    "notifier": {
        "deadline": "select * from deadline",
        "fact": "select topic, event_id from fact",
    },
}
ALL = {
    "history": HISTORY,
    "inbox": "select topic, event_id from inbox",
    "dead": "select * from dead_letter",
    "parked": "select * from parked",
    "outbox": "select aggregatetype, type from outbox",
}


async def open_books(databases: dict[str, str]) -> Books:
    """Read all that the rules need."""
    rows: dict[str, dict[str, list[asyncpg.Record]]] = {}
    for service, dsn in databases.items():
        connection = await asyncpg.connect(dsn)
        try:
            wanted = {**ALL, **QUERIES[service], "aggregate": AGGREGATES[service]}
            rows[service] = {name: await connection.fetch(sql) for name, sql in wanted.items()}
        finally:
            await connection.close()
    return Books(rows)


async def outbox_rows(databases: dict[str, str]) -> dict[str, int]:
    """How many rows wait in each outbox."""
    found = {}
    for service, dsn in databases.items():
        connection = await asyncpg.connect(dsn)
        try:
            found[service] = await connection.fetchval("select count(*) from outbox")
        finally:
            await connection.close()
    return found


async def states_of_tickets(dsn: str) -> dict[str, str]:
    """Where each ticket stands at intake."""
    connection = await asyncpg.connect(dsn)
    try:
        return dict(await connection.fetch("select ticket_id::text, state from ticket"))
    finally:
        await connection.close()


def every_ticket_exists_once(books: Books, accepted: Iterable[str]) -> None:
    """What was answered is there, and nothing else."""
    ids = sorted(accepted)
    assert len(ids) == len(set(ids)), "two callers were given one ticket"
    assert sorted(str(row["ticket_id"]) for row in books("intake", "ticket")) == ids
    numbers = Counter(row["number"] for row in books("intake", "ticket"))
    assert [n for n, times in numbers.items() if times > 1] == []
    assert sorted(str(row["ticket_id"]) for row in books("router", "ticket")) == ids


def every_ticket_has_its_whistle(books: Books, log: Log, held: set[str]) -> None:
    """One whistle a ticket and round, in the router's tables and on Kafka."""
    rounds = Counter((str(w["demand_ticket"]), w["round"]) for w in books("router", "whistle"))
    wanted = {
        (str(row["ticket_id"]), number): 1
        for row in books("router", "ticket")
        for number in range(1, row["round"] + 1)
    }
    assert rounds == wanted
    blown: defaultdict[tuple[str, int], set[str]] = defaultdict(set)
    waits: set[str] = set()
    for read in log.first("whistles"):
        event: Any = read.event
        if event["type"] == "shaodao.whistle.blown.v1":
            for ticket_id in event["data"]["ticket_ids"]:
                blown[ticket_id, event["data"]["round"]].add(event["id"])
        if event["type"] == "shaodao.whistle.held.v1":
            waits.update(event["data"]["ticket_ids"])
    assert waits == held
    assert {key: len(ids) for key, ids in blown.items()} == {
        key: 1 for key in wanted if key[0] not in held
    }


def every_unit_was_called_once(books: Books, log: Log, departments: Iterable[Department]) -> None:
    """One `whistled` for each assignment, as it stands on Kafka and as the units heard it."""
    assignments = Counter(str(row["assignment_id"]) for row in books("router", "assignment"))
    told = [
        read.event["data"]
        for read in log.first("bureau.<code>.whistles")
        if read.event is not None and read.event["type"] == "shaodao.bureau.whistled.v1"
    ]
    assert parts(told) == assignments
    heard = parts(data for each in departments for data in each.whistled.values())
    assert heard == assignments


def every_report_was_answered_once(log: Log, departments: Iterable[Department]) -> None:
    """Accepted or refused, each report that was sent, however often it was sent."""
    answers: Counter[str] = Counter()
    for read in log.first("bureau.<code>.whistles"):
        event: Any = read.event
        if event["type"] in (ReportAccepted.TYPE, ReportRefused.TYPE):
            answers[event["data"]["report_id"]] += 1
    sent = {report_id for each in departments for report_id in each.reports}
    assert {report_id: answers[report_id] for report_id in sent} == dict.fromkeys(sent, 1)


def order_was_kept(log: Log) -> None:
    """Of each subject the facts stand in the order of their seq, where they stand first."""
    for name in ("tickets", "whistles"):
        _increasing(log, name, strictly=True)
    _increasing(log, "bureau.<code>.whistles", strictly=False)  # one fact, several views
    last: dict[str, int] = {}
    for read in log.first("deadlines"):
        event: Any = read.event
        data = event["data"]
        # what is said of a supervision counts by itself, beside the promise of its answer
        counted_by, seq = data.get("supervision_id") or data["deadline_id"], data["seq"]
        assert seq > last.get(counted_by, 0), (event, last[counted_by])
        last[counted_by] = seq


def _increasing(log: Log, name: str, *, strictly: bool) -> None:
    last: dict[tuple[str, str], int] = {}
    for read in log.first(name):
        event: Any = read.event
        seq = event["data"].get("seq")
        if seq is None:
            continue  # the refusal of a report that is of no whistle
        before = last.get((read.topic, event["subject"]), -1)
        assert seq > before or (seq == before and not strictly), (read, before)
        last[read.topic, event["subject"]] = seq


def every_promise_was_told_once(books: Books, log: Log) -> None:
    """A rung fires once a round, and what was told is what stands in the table."""
    told: defaultdict[tuple[str, int, str], set[str]] = defaultdict(set)
    for read in log.first("deadlines"):
        event: Any = read.event
        data = event["data"]
        rung = data.get("rung") or event["type"]
        if rung == Supervised.TYPE:
            rung = f"{rung} at level {data['level']}"  # the ladder asks once more where it climbs
        told[data["deadline_id"], data["round"], rung].add(event["id"])
    assert {key: ids for key, ids in told.items() if len(ids) > 1} == {}
    missed = {key[0] for key in told if key[2] == "shaodao.deadline.missed.v1"}
    corrected = {key[0] for key in told if key[2] == "shaodao.deadline.corrected.v1"}
    late = {str(row["deadline_id"]) for row in books("notifier", "deadline") if row["late"]}
    assert late == missed - corrected


def every_finished_unit_kept_its_promises(books: Books) -> None:
    """Of a part that is done, nothing runs any more: acknowledge, contact and resolve are met."""
    done = {row["assignment_id"] for row in books("router", "assignment") if row["state"] == "done"}
    assert done
    kinds: defaultdict[UUID, dict[str, str]] = defaultdict(dict)
    for row in books("notifier", "deadline"):
        if row["assignment_id"] in done:
            kinds[row["assignment_id"]][row["kind"]] = row["state"]
    assert kinds.keys() == done
    for states in kinds.values():
        assert states.pop("deemed", "met") in ("met", "cancelled")
        # nobody arrives in this story, which a group of callers' urgent matter asks for
        assert states.pop("arrive", "cancelled") in ("cancelled", "missed")
        assert {"acknowledge", "resolve"} <= states.keys()
        assert set(states.values()) == {"met"}, states


def only_the_poison_is_dead(
    books: Books, log: Log, poison: set[tuple[str, bytes]], misnamed: Counter[str]
) -> None:
    """Each service keeps what it could not read of its topics, once, and nothing besides."""
    unreadable = log.unreadable()
    keyed = Counter((read.topic, read.key) for read in unreadable if read.key is not None)
    assert keyed == Counter(dict.fromkeys(poison, 1))
    unparsed = Counter(read.topic for read in unreadable if read.key is None)
    assert unparsed.keys() == misnamed.keys()
    assert unparsed >= misnamed  # their client knows no "exactly once"
    for service, names in CONSUMED.items():
        wanted = [
            (read.topic, read.partition, read.offset)
            for read in unreadable
            if read.contract.name in names
        ]
        kept = [
            (row["topic"], row["kafka_partition"], row["kafka_offset"])
            for row in books(service, "dead")
        ]
        assert sorted(kept) == sorted(wanted), service


def every_event_was_heard(books: Books, log: Log) -> None:
    """Each inbox holds exactly the events of its topics, and the fact log those of its own."""
    for service, names in CONSUMED.items():
        wanted = {_mark(read) for name in names for read in log.first(name)}
        heard = {(row["topic"], row["event_id"]) for row in books(service, "inbox")}
        assert heard == wanted, (service, len(heard - wanted), len(wanted - heard))
    kept = ((row["topic"], row["event_id"]) for row in books("notifier", "fact"))
    facts = Counter(fact for fact in kept if fact[0] in CONSUMED["notifier"])  # not its own
    wanted = {_mark(read) for name in CONSUMED["notifier"] for read in log.first(name)}
    assert facts == Counter(dict.fromkeys(wanted, 1))


def _mark(read: Any) -> tuple[str, str]:
    return read.topic, read.event["id"]


def nothing_is_left_over(books: Books) -> None:
    """No event parked, none waiting to be said."""
    for service in AGGREGATES:
        assert [dict(row) for row in books(service, "parked")] == [], service
        assert [dict(row) for row in books(service, "outbox")] == [], service


def every_history_holds(books: Books) -> None:
    """Each chain is whole: places without a gap, hashes over the one before, up to the row."""
    for service in AGGREGATES:
        last: dict[UUID, tuple[int, bytes]] = {}
        for row in books(service, "history"):
            seq, before = last.get(row["aggregate_id"], (0, FIRST_HASH))
            assert row["seq"] == seq + 1, (service, row)
            assert row["previous_hash"] == before, (service, row)
            assert row["hash"] == row_hash(before, _hashed(row)), (service, row)
            last[row["aggregate_id"]] = (row["seq"], row["hash"])
        for row in books(service, "aggregate"):
            assert last[row["aggregate_id"]] == (row["seq"], row["history_hash"]), (service, row)


def _hashed(row: asyncpg.Record) -> tuple[object, ...]:
    who = (row["role"], row["unit"], row["actor_name"], row["on_behalf_of"])
    told = (row["before"], row["after"], row["policy"])
    return (row["aggregate_id"], row["seq"], row["at"].isoformat(), row["what"], *who, *told)
