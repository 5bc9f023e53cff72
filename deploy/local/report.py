"""How a starting stack tells what it is doing; the command line draws it, tests ignore it."""

from enum import StrEnum
from typing import Protocol


class Step(StrEnum):
    """The parts of a start, in the order they are shown."""

    KAFKA = "kafka"
    POSTGRES = "postgres"
    TOPICS = "topics"
    MIGRATIONS = "migrations"
    INTAKE = "intake"
    ROUTER = "router"
    NOTIFIER = "notifier"
    CITY = "city"
    CANARY = "canary"


class Report(Protocol):
    """Who is told."""

    def begin(self, step: Step) -> None:
        """A part is being started."""

    def done(self, step: Step, detail: str = "") -> None:
        """A part is ready."""

    def say(self, zh: str, en: str) -> None:
        """Something worth a line."""


class Silent:
    """Tells nobody."""

    def begin(self, step: Step) -> None: ...

    def done(self, step: Step, detail: str = "") -> None: ...

    def say(self, zh: str, en: str) -> None: ...
