"""Applies one heard fact of the router or the notifier to a case."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from services.intake.domain.case import Case
from services.intake.domain.deadline_facts import DEADLINE_FACTS
from services.intake.domain.heard import Heard
from services.intake.domain.merge_facts import MERGE_FACTS
from services.intake.domain.report_facts import REPORT_FACTS
from services.intake.domain.whistle_facts import WHISTLE_FACTS

HEARD: Final[Mapping[type, Callable[[Case, Any, Heard], None]]] = {
    **WHISTLE_FACTS,
    **REPORT_FACTS,
    **MERGE_FACTS,
    **DEADLINE_FACTS,
}


def hear(case: Case, fact: object, heard: Heard) -> None:
    """Move the case, keep its promises and tell the citizen, as the fact asks."""
    HEARD[type(fact)](case, fact, heard)
