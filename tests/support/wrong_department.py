"""The sample department, wrong in one chosen way: `python -m tests.support.wrong_department HOW …`.

Each way is a mistake that a department's developers make; the conformance kit must name it.
"""

import asyncio
import json
import sys
import uuid
from collections.abc import Callable
from typing import Any

from deploy.department import __main__ as program
from deploy.department import client, desk
from deploy.department.client import Department
from deploy.department.desk import Doc


def acknowledges_every_delivery() -> None:
    """Knows no event ids."""

    def hear(self: Department, value: bytes) -> None:
        event = json.loads(value)
        with self.book.transaction():
            if event["type"] == "shaodao.bureau.whistled.v1":
                after = desk.whistled(None, event["data"])
                self.book.put(self._event("acknowledged", after, {}), "acknowledged")
                known = self.book.whistle(after["whistle_id"])
                self.book.keep(known or {**after, "waiting": "acknowledged"})
            else:
                self._act(event["type"].split(".")[2], event["data"])

    Department.hear = hear  # type: ignore[method-assign]


def stops_at_an_unknown_type() -> None:
    """Raises at what it does not know, and never gets past it."""
    known = {"whistled", "report_accepted", "report_refused", "units_changed", "ruling"}
    plain = Department._act

    def act(self: Department, kind: str, data: Doc) -> None:
        if kind not in known:
            raise ValueError(f"unknown event {kind}")
        plain(self, kind, data)

    Department._act = act  # type: ignore[method-assign]


def refuses_unknown_fields() -> None:
    """Takes an event with a field of a later version for broken, and passes it over."""
    plain = Department._act

    def act(self: Department, kind: str, data: Doc) -> None:
        if "of_a_later_version" not in data:
            plain(self, kind, data)

    Department._act = act  # type: ignore[method-assign]


def _changes_events(change: Callable[[Doc], Doc]) -> None:
    plain = Department._event

    def event(self: Department, verb: str, whistle: Doc, words: Doc) -> Doc:
        return change(plain(self, verb, whistle, words))

    Department._event = event  # type: ignore[method-assign]


def has_one_id_for_all_reports() -> None:
    """The id is the whistle's."""
    _changes_events(lambda event: {**event, "id": f"r-{event['subject']}"})
    client.Book.put = _put_any  # type: ignore[method-assign]


def _put_any(self: Any, event: Doc, verb: str) -> None:
    """As Book.put, but for ids that come again."""
    self._db.execute(
        "insert or replace into report (report_id, whistle_id, verb, value) values (?, ?, ?, ?)",
        (event["id"], event["subject"], verb, json.dumps(event, ensure_ascii=False)),
    )


def has_another_subject() -> None:
    """The subject is a number of its own."""
    _changes_events(lambda event: {**event, "subject": str(uuid.uuid4())})


def breaks_the_contract() -> None:
    """A result that the contract does not have."""

    def change(event: Doc) -> Doc:
        if event["type"] == "shaodao.report.resolved.v1":
            return {**event, "data": {**event["data"], "result": "finished"}}
        return event

    _changes_events(change)


def _steps(step: Callable[[Doc, desk.Policy], tuple[str, Doc] | None]) -> None:
    client.next_step = step


def calls_confidential_people() -> None:
    """Contacts whoever, clock or not."""
    plain = desk.next_step

    def step(whistle: Doc, policy: desk.Policy) -> tuple[str, Doc] | None:
        found = plain(whistle, policy)
        if found and found[0] == "progressed" and "contacted" not in whistle["said"]:
            return "contacted", {"how": "phone"}
        return found

    _steps(step)


def works_when_only_informed() -> None:
    """Finishes everything it is told of."""
    plain = desk.next_step

    def step(whistle: Doc, policy: desk.Policy) -> tuple[str, Doc] | None:
        lead = {**whistle, "assignment": {**whistle["assignment"], "relation": "lead"}}
        return plain(lead, policy)

    _steps(step)


def hammers_what_was_refused() -> None:
    """Says the same again until it counts."""
    plain = desk.told

    def told(whistle: Doc, kind: str, data: Doc, verb: str | None) -> Doc:
        if kind == "report_refused":
            return {**whistle, "waiting": None}
        return plain(whistle, kind, data, verb)

    client.told = told


def works_on_after_a_withdrawal() -> None:
    """Does not hear that it is over: it goes on reporting its progress."""
    plain = desk.told

    def told(whistle: Doc, kind: str, data: Doc, verb: str | None) -> Doc:
        if kind == "withdrawn":
            return {**whistle, "waiting": None, "hold": None, "state": "acknowledged"}
        return plain(whistle, kind, data, verb)

    client.told = told


def forgets_its_work() -> None:
    """Commits before it has written anything down, and keeps nothing over a restart."""
    plain = Department.__init__

    def init(self: Department, **options: Any) -> None:
        plain(self, **{**options, "book": ":memory:"})
        self.book._db.execute("pragma synchronous = off")

    async def run(self: Department) -> None:
        await self._producer.start()
        await self._consumer.start()
        while True:
            batches = await self._consumer.getmany(timeout_ms=500, max_records=200)
            await self._consumer.commit()
            for records in batches.values():
                for record in records:
                    self.hear(record.value)
            await self._send()

    Department.__init__ = init  # type: ignore[method-assign]
    Department.run = run  # type: ignore[method-assign]


def uses_a_group_of_its_own_naming() -> None:
    """Group `my-app`, which its rights do not allow."""
    plain = client.AIOKafkaConsumer

    def consumer(*topics: str, **options: Any) -> Any:
        return plain(*topics, **{**options, "group_id": "my-app"})

    client.AIOKafkaConsumer = consumer


WAYS = {
    way.__name__: way
    for way in (
        acknowledges_every_delivery,
        stops_at_an_unknown_type,
        refuses_unknown_fields,
        has_one_id_for_all_reports,
        has_another_subject,
        breaks_the_contract,
        calls_confidential_people,
        works_when_only_informed,
        hammers_what_was_refused,
        works_on_after_a_withdrawal,
        forgets_its_work,
        uses_a_group_of_its_own_naming,
    )
}

if __name__ == "__main__":
    WAYS[sys.argv.pop(1)]()
    asyncio.run(program.main())
