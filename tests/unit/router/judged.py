"""What a judged report came to, and whistles whose units have acknowledged."""

from dataclasses import replace

from services.router.domain.outcome import Outcome
from services.router.domain.whistle import Whistle
from shared.contracts import reports, whistles
from shared.contracts.parts import AssignmentState
from tests.unit.router.samples import blown, counted, said


def fact_of(answer: object) -> whistles.WhistleFact:
    assert isinstance(answer, Outcome), answer
    fact = answer.steps[0].fact
    assert fact is not None
    return fact


def facts_of(answer: object) -> list[whistles.WhistleFact]:
    assert isinstance(answer, Outcome), answer
    return [step.fact for step in answer.steps if step.fact is not None]


def state_of(whistle: Whistle, unit: str = "BH-CGJ") -> AssignmentState:
    part = whistle.part_of(unit)
    assert part is not None
    return part.state


def acknowledged(whistle: Whistle | None = None, *units: str) -> Whistle:
    whistle = whistle or blown()
    for unit in units or ("BH-CGJ",):
        whistle = counted(said(whistle, reports.Acknowledged, by=unit))
    return whistle


def with_part(whistle: Whistle, unit: str, **changes: object) -> Whistle:
    part = whistle.part_of(unit)
    assert part is not None
    changed = replace(part, **changes)  # type: ignore[arg-type]
    return replace(whistle, assignments=whistle.with_assignment(changed))
