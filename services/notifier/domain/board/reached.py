"""How far a promise has climbed."""

from services.notifier.domain.deadline import Deadline
from services.notifier.domain.escalation import Escalation, Rung


def level_of(deadline: Deadline, escalation: Escalation) -> int:
    """The highest level of supervision its rungs have reached in this term; 0 before any."""
    return max((rung.level for rung in fired_of(deadline, escalation)), default=0)


def fired_of(deadline: Deadline, escalation: Escalation) -> list[Rung]:
    """Its rungs that have fired, in order."""
    return [rung for rung in escalation.rungs_of(deadline) if rung.name in deadline.fired]
