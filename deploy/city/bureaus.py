"""All bureaus' own systems in one process: called over Kafka, they report back, each in its way.

Two tasks stand beside each other: one hears what the units are told and plans, the other does what
is due on the stack's domain clock. Both keep the agenda, which outlives the process.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

from aiokafka.errors import KafkaError

from deploy.city.agenda import Agenda
from deploy.city.compose import event
from deploy.city.department import Line, Told
from deploy.city.matter import Matter, Step, Verb
from deploy.city.process import first_of, pause, run
from deploy.city.react import Moment, called, called_again, told
from deploy.city.settings import STATE_FILE, CitySettings
from shared.calendar import WorkCalendar
from shared.contracts.bureaus import ReportRefused, Whistled
from shared.contracts.values import Relation
from shared.runtime.clock import Clock
from shared.runtime.logging import logger

AT_ONCE = 100
WAIT_FOR_ASSISTANTS = timedelta(minutes=15)  # longer from time to time
LONGEST_WAIT = timedelta(hours=2)
MOST_WAITS = 200
RETRY_SECONDS = 2.0
log = logger("city.bureaus")


class Bureaus:
    """The units' common memory, clock and dice."""

    def __init__(self, settings: CitySettings, agenda: Agenda) -> None:
        self.clock = Clock(settings.clock_file)
        self.wake = asyncio.Event()
        self._seed = settings.seed
        self._agenda = agenda
        self._calendar = WorkCalendar()

    def hear(self, views: Sequence[Told]) -> None:
        """Remember what the units were told and what they mean to do about it."""
        now = self.clock.now()
        changed: dict[tuple[str, object], Matter] = {}
        for item in views:
            key = (item.unit, item.whistle_id)
            before = changed.get(key) or self._agenda.get(item.unit, item.whistle_id)
            after = self._after(item, before, now)
            if after is not None and after != before:
                changed[key] = after
        self._agenda.put(changed.values(), now=now)
        self.wake.set()

    def due(self) -> tuple[datetime, Sequence[Matter]]:
        """The matters in which a unit moves now."""
        now = self.clock.now()
        return now, self._agenda.due(now, limit=AT_ONCE)

    def next_at(self) -> datetime | None:
        """When a unit moves next."""
        return self._agenda.next_at(self.clock.now())

    def move(self, matter: Matter, now: datetime) -> tuple[Matter, bytes | None]:
        """The matter after its first step, and the report that goes out, if one does."""
        step, rest = matter.steps[0], matter.steps[1:]
        if self._waits_for_others(matter, step):
            wait = min(WAIT_FOR_ASSISTANTS * (matter.waits + 1), LONGEST_WAIT)
            again = replace(step, at=now + wait)
            return replace(matter, steps=(again, *rest), waits=matter.waits + 1), None
        rng = self._dice(matter.unit, matter.whistle_id, f"{matter.sent}/{step.verb}")
        value = event(matter, step.verb, now=now, rng=rng)
        return replace(matter, steps=rest, sent=matter.sent + 1), value

    def remember(self, matters: Sequence[Matter], now: datetime) -> None:
        """The reports are out."""
        self._agenda.put(matters, now=now)

    def _waits_for_others(self, matter: Matter, step: Step) -> bool:
        """A lead asks its assistants by telephone before it says that all is done."""
        return (
            step.verb is Verb.RESOLVED
            and matter.relation is Relation.LEAD
            and matter.waits < MOST_WAITS
            and self._agenda.busy_assistants(matter) > 0
        )

    def _after(self, item: Told, before: Matter | None, now: datetime) -> Matter | None:
        rng = self._dice(item.unit, item.whistle_id, f"{type(item.view).__name__}/{now}")
        moment = Moment(now=now, calendar=self._calendar, rng=rng)
        if isinstance(item.view, Whistled):
            if before is not None:
                return called_again(before, item.view, seed=self._seed, moment=moment)
            return called(item.unit, item.view, seed=self._seed, moment=moment)
        if isinstance(item.view, ReportRefused):
            log.warning(
                "refused", unit=item.unit, whistle_id=str(item.whistle_id), why=item.view.en
            )
        return None if before is None else told(before, item.view, moment)

    def _dice(self, unit: str, whistle_id: object, what: str) -> Random:
        return Random(f"{self._seed}/{unit}/{whistle_id}/{what}")  # nosec B311: dice of a game


async def listen(bureaus: Bureaus, line: Line) -> None:
    """Hear, remember, commit: a view is never lost, and one heard twice changes nothing."""
    while True:
        views = await line.hear()
        if views:
            bureaus.hear(views)
            await line.commit()


async def act(bureaus: Bureaus, line: Line) -> None:
    """Do what is due, in order of domain time; sleep until the next or until told something."""
    while True:
        now, matters = bureaus.due()
        if not matters:
            await bureaus.clock.wait_until(bureaus.next_at(), bureaus.wake)
            continue
        moved = [bureaus.move(matter, now) for matter in matters]
        await line.say((m.unit, m.whistle_id, value) for m, value in moved if value is not None)
        bureaus.remember([matter for matter, _ in moved], now)


async def main(settings: CitySettings, stop: asyncio.Event) -> None:
    """Run until told to stop; a broker that is away is waited for."""
    with Agenda(settings.state / STATE_FILE) as agenda:
        bureaus = Bureaus(settings, agenda)
        agenda.forget(bureaus.clock.now().astimezone(UTC))
        while not stop.is_set():
            line = Line(settings.kafka_bootstrap, settings.topic_prefix, **settings.kafka_security)
            try:
                await line.open()
                log.info("listening", kafka=settings.kafka_bootstrap)
                await first_of(stop, listen(bureaus, line), act(bureaus, line))
            except KafkaError as error:
                log.warning("kafka away", error=str(error))
                await pause(stop, RETRY_SECONDS)
            finally:
                await line.close()


if __name__ == "__main__":
    run("city-bureaus", main)
