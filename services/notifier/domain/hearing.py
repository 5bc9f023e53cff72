"""What each fact means for the promises of time: one row a type of fact, nothing for the others.

A ticket's own promises (dispatch, callback, the citizen's clock) follow the facts of `tickets` and
the blowing of its first whistle; those of an assignment follow the facts of `whistles` alone.
Whether a unit was in time goes by when its report was received (DOMAIN §2.11).
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from services.notifier.domain.asking_facts import decided, wanted
from services.notifier.domain.deadline import Command
from services.notifier.domain.effects import Effect, Heard, Meaning
from services.notifier.domain.joint_facts import effort_noted, evaluated, taken_over
from services.notifier.domain.known import Known
from services.notifier.domain.ticket_facts import (
    appealed,
    callback_opened,
    called_back,
    due_moved,
    group_flagged,
    info_requested,
    merge_undone,
    registered,
    rework_requested,
    supplemented,
    ticket_closed,
    ticket_ended,
    ticket_withdrawn,
    urged,
)
from services.notifier.domain.whistle_facts import (
    TAKING,
    acceptance_failed,
    accepted,
    blown,
    due_changed,
    held,
    let_go,
    part_ordered,
    received,
    resolved,
    resumed,
    review_rejected,
    suspended,
    unit_called,
    whistle_ended,
    working,
)
from shared.contracts import joint, rulings, tickets, whistles
from shared.contracts.parts import Asked, DeadlineKind

MEANINGS: Mapping[type, Meaning] = {
    tickets.Registered: registered,
    tickets.Answered: ticket_ended,
    tickets.Transferred: ticket_ended,
    tickets.Rejected: ticket_ended,
    tickets.Voided: ticket_ended,
    tickets.Appealed: appealed,
    tickets.InfoRequested: info_requested,
    tickets.Supplemented: supplemented,
    tickets.DueChanged: due_moved,
    tickets.Merged: ticket_ended,
    tickets.MergeUndone: merge_undone,
    tickets.Withdrawn: ticket_withdrawn,
    tickets.GroupFlagged: group_flagged,
    tickets.Urged: urged,
    tickets.CallbackOpened: callback_opened,
    tickets.CalledBack: called_back,
    tickets.ReworkRequested: rework_requested,
    tickets.Closed: ticket_closed,
    whistles.Held: held,
    whistles.Blown: blown,
    rulings.UnitOffered: unit_called,
    rulings.AssistingAdded: unit_called,
    whistles.Acknowledged: working(*TAKING),
    # The unit is still silent: its acknowledgement stays missed and goes on climbing.
    whistles.DeemedAcknowledged: part_ordered(Command.CANCEL, DeadlineKind.DEEMED),
    whistles.Contacted: received(DeadlineKind.CONTACT),
    whistles.Arrived: working(DeadlineKind.ARRIVE),
    whistles.Departed: received(),
    whistles.Progressed: working(),
    whistles.Resolved: resolved,
    rulings.ReviewPassed: decided(Asked.RESOLUTION),
    rulings.ReviewRejected: review_rejected,
    whistles.ReturnRequested: wanted(Asked.RETURN),
    rulings.ReturnRefused: decided(Asked.RETURN),
    whistles.Disputed: wanted(Asked.DISPUTE),
    rulings.Adjudicated: decided(Asked.RETURN, Asked.DISPUTE),
    rulings.UnitReturned: let_go(Asked.RETURN, Asked.DISPUTE),
    whistles.ReleaseRequested: wanted(Asked.RELEASE),
    rulings.ReleaseRefused: decided(Asked.RELEASE),
    joint.Released: let_go(Asked.RELEASE),
    whistles.ExtensionRequested: wanted(Asked.EXTENSION),
    rulings.ExtensionRefused: decided(Asked.EXTENSION),
    rulings.DueChanged: due_changed,
    whistles.SuspensionRequested: wanted(Asked.SUSPENSION),
    rulings.SuspensionRefused: decided(Asked.SUSPENSION),
    rulings.Suspended: suspended,
    rulings.Resumed: resumed,
    whistles.MergeHeld: wanted(Asked.MERGE),
    whistles.MergeSettled: decided(Asked.MERGE),
    joint.Consulted: due_changed,
    joint.AcceptanceFailed: acceptance_failed,
    joint.TakenOver: taken_over,
    joint.EffortNoted: effort_noted,
    joint.Accepted: accepted,
    joint.Evaluated: evaluated,
    whistles.Withdrawn: whistle_ended,
    whistles.Closed: whistle_ended,
}


def effects(heard: Heard, known: Known) -> Sequence[Effect]:
    """What a fact means for the promises; what it tells besides is learnt into `known`."""
    meaning = MEANINGS.get(type(heard.data))
    return tuple(meaning(heard, known)) if meaning else ()


def tickets_of(data: Any) -> Sequence[UUID]:
    """The tickets that must be known before the fact is understood."""
    called = rulings.UnitOffered | rulings.AssistingAdded
    if isinstance(data, whistles.Held | whistles.Blown | called):
        return data.ticket_ids
    wanted = tickets.Registered | tickets.CallbackOpened | tickets.Urged | tickets.GroupFlagged
    return (data.ticket_id,) if isinstance(data, wanted) else ()


def whistle_of(data: Any) -> UUID | None:
    """The whistle that must be known before the fact is understood."""
    if type(data) in _OPENING:
        return data.whistle_id  # type: ignore[no-any-return]
    if type(data) in _MAY_OPEN and (data.progress_by if type(data) in _WORK else data.review_by):
        return data.whistle_id  # type: ignore[no-any-return]
    return None


_OPENING = frozenset(
    {
        rulings.UnitOffered,
        rulings.AssistingAdded,
        rulings.DueChanged,
        rulings.Suspended,
        joint.Consulted,
        joint.Accepted,
        joint.AcceptanceFailed,
        whistles.ReturnRequested,
        whistles.Disputed,
        whistles.ReleaseRequested,
        whistles.ExtensionRequested,
        whistles.SuspensionRequested,
        whistles.MergeHeld,
    }
)
_WORK = frozenset(
    {
        whistles.Acknowledged,
        whistles.Arrived,
        whistles.Progressed,
        rulings.ReviewRejected,
        rulings.Resumed,
    }
)
_MAY_OPEN = _WORK | {whistles.Resolved}
