"""When the work on a street's whistle is finished: it waits for the street's acceptance then.

The lead is done, and so is every assisting unit that was not let go. After a failed acceptance it
may be an assisting unit that comes last.
"""

from dataclasses import replace

from services.router.domain.assignment import FINISHED
from services.router.domain.whistle import WHISTLE, Whistle, WhistleCommand
from shared.contracts.parts import AssignmentState, WhistleState
from shared.contracts.values import Relation, WhistleKind


def finished(whistle: Whistle) -> Whistle:
    """The whistle, waiting for acceptance once nobody works on it any more.

    Needs all assignments. A citizen's demand is never accepted: the citizen's word ends it.
    """
    if whistle.kind is WhistleKind.CITIZEN_DEMAND or whistle.state is not WhistleState.OPEN:
        return whistle
    lead = whistle.lead()
    if lead is None or lead.state is not AssignmentState.DONE or unfinished(whistle):
        return whistle
    return replace(whistle, state=WHISTLE.next(whistle.state, WhistleCommand.FINISH))


def unfinished(whistle: Whistle) -> tuple[str, ...]:
    """The assisting units that still work."""
    return tuple(
        a.unit
        for a in whistle.assignments
        if a.relation is Relation.ASSISTING and a.state not in FINISHED
    )
