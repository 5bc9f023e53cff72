"""What each fact means for the promises of time: one row a type of fact, nothing for the others.

A ticket's own promises (dispatch, callback, the citizen's clock) follow the facts of `tickets` and
the blowing of its first whistle; those of an assignment follow the facts of `whistles` alone.
Whether a unit was in time goes by when its report was received (DOMAIN §2.11).
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from services.notifier.domain.deadline import Command
from services.notifier.domain.effects import Effect, Heard, Meaning
from services.notifier.domain.joint_facts import effort_noted, evaluated, taken_over
from services.notifier.domain.known import Known
from services.notifier.domain.ticket_facts import (
    appealed,
    callback_opened,
    called_back,
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
    PARTS,
    TAKING,
    acceptance_failed,
    accepted,
    blown,
    due_changed,
    held,
    part_ordered,
    received,
    resumed,
    unit_called,
    whistle_ended,
)
from shared.contracts import joint, rulings, tickets, whistles
from shared.contracts.parts import DeadlineKind

MEANINGS: Mapping[type, Meaning] = {
    tickets.Registered: registered,
    tickets.Answered: ticket_ended,
    tickets.Transferred: ticket_ended,
    tickets.Rejected: ticket_ended,
    tickets.Voided: ticket_ended,
    tickets.Appealed: appealed,
    tickets.InfoRequested: info_requested,
    tickets.Supplemented: supplemented,
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
    whistles.Acknowledged: received(*TAKING),
    # The unit is still silent: its acknowledgement stays missed and goes on climbing.
    whistles.DeemedAcknowledged: part_ordered(Command.CANCEL, DeadlineKind.DEEMED),
    whistles.Contacted: received(DeadlineKind.CONTACT),
    whistles.Arrived: received(DeadlineKind.ARRIVE),
    whistles.Departed: received(),
    whistles.Progressed: received(),
    whistles.Resolved: received(DeadlineKind.RESOLVE),
    rulings.ReviewRejected: part_ordered(Command.REOPEN, DeadlineKind.RESOLVE),
    rulings.UnitReturned: part_ordered(Command.CANCEL, *PARTS),
    joint.Released: part_ordered(Command.CANCEL, *PARTS),
    rulings.Suspended: part_ordered(Command.PAUSE, *PARTS),
    rulings.Resumed: resumed,
    rulings.DueChanged: due_changed,
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
    wanted = (
        rulings.UnitOffered
        | rulings.AssistingAdded
        | rulings.DueChanged
        | joint.Consulted
        | joint.Accepted
        | joint.AcceptanceFailed
    )
    return data.whistle_id if isinstance(data, wanted) else None
