"""What is broken, when and for how long: drawn from a seed, so that a story can be told again."""

import random
from dataclasses import dataclass
from enum import StrEnum

from deploy.local.data_folder import SERVICES


class Kind(StrEnum):
    KILL = "kill"  # SIGKILL of a copy of a service
    STOP = "stop"  # SIGTERM of a copy of a service
    KAFKA = "kafka"  # SIGKILL of the broker, then a start
    POSTGRES = "postgres"  # SIGKILL of the server and its backends, then a start
    FORWARD = "forward"  # domain time jumps


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much of a story: its load, its copies and its faults."""

    tickets: int
    load_seconds: float
    copies: int
    kills: int
    stops: int
    kafka: int
    postgres: int
    forwards: int
    pause: tuple[float, float]  # seconds before a fault
    away: tuple[float, float]  # seconds that a server stays dead
    mischief: int  # records of each kind put on each topic
    calm_within: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that breaks: `after` so many seconds of work, `away` for so many."""

    kind: Kind
    after: float
    away: float
    service: str
    copy: int
    hours: float


def draw(seed: str, size: Size) -> list[Fault]:
    """The faults of a story, in order."""
    rng = random.Random(f"{seed}/plan")
    kinds = [
        *[Kind.KILL] * size.kills,
        *[Kind.STOP] * size.stops,
        *[Kind.KAFKA] * size.kafka,
        *[Kind.POSTGRES] * size.postgres,
        *[Kind.FORWARD] * size.forwards,
    ]
    rng.shuffle(kinds)
    return [
        Fault(
            kind=kind,
            after=rng.uniform(*size.pause),
            away=rng.uniform(*size.away),
            service=rng.choice(SERVICES),
            copy=rng.randrange(size.copies),
            hours=rng.uniform(3, 9),
        )
        for kind in kinds
    ]
