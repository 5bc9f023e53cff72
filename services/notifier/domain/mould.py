"""Events that differ only in their ids: the text is written once by the contract, then filled in.

Thousands of promises fall due at one instant. A mould is the event of a stand-in promise, with a
place for each id; the events of all that are alike in everything else are cast from it.
"""

from collections.abc import Callable, Hashable
from dataclasses import replace
from uuid import UUID

from pydantic_core import to_json

from services.notifier.domain.deadline import Deadline

KEPT = 4096  # moulds; a burst has one a unit and rung

_EVENT, _DEADLINE, _TICKET, _WHISTLE, _ASSIGNMENT, _MEMBER = (
    UUID(f"00000000-0000-4000-8000-00000000000{n}") for n in range(1, 7)
)
_NUMBER = "@number@"
_TRACE = f"00-{'5' * 32}-{'7' * 16}-01"
_SEQ = 900_000_000_000_001
EVENT_ID, SEQ = _EVENT, _SEQ  # of the stand-in's event

_PLACES = (
    (f'"{_MEMBER}"', "%(members)s"),
    (str(_EVENT), "%(event)s"),
    (str(_DEADLINE), "%(deadline)s"),
    (str(_TICKET), "%(ticket)s"),
    (str(_WHISTLE), "%(whistle)s"),
    (str(_ASSIGNMENT), "%(assignment)s"),
    (str(_SEQ), "%(seq)s"),
    (_NUMBER, "%(number)s"),
    (_TRACE, "%(trace)s"),
)


def stand_in(deadline: Deadline) -> Deadline:
    """A promise that is like this one in all but its ids; what it has not, the other has not."""
    return replace(
        deadline,
        deadline_id=_DEADLINE,
        ticket_id=None if deadline.ticket_id is None else _TICKET,
        whistle_id=None if deadline.whistle_id is None else _WHISTLE,
        assignment_id=None if deadline.assignment_id is None else _ASSIGNMENT,
        ticket_ids=(_MEMBER,) if deadline.ticket_ids else (),
        number=_NUMBER,
        traceparent=None if deadline.traceparent is None else _TRACE,
    )


def likeness(deadline: Deadline) -> tuple[Hashable, ...]:
    """What two promises must have in common for one mould."""
    d = deadline
    return (
        *(d.kind, d.round, d.due, d.unit, d.canary, d.ticket_id is None, d.whistle_id is None),
        *(d.assignment_id is None, not d.ticket_ids, d.traceparent is None),
    )


def filling(deadline: Deadline) -> dict[str, object]:
    """What a promise puts into a mould; the event's id and place come besides."""
    d = deadline
    return {
        "deadline": d.deadline_id,
        "ticket": d.ticket_id,
        "whistle": d.whistle_id,
        "assignment": d.assignment_id,
        "members": ",".join([f'"{each}"' for each in d.ticket_ids]),
        "number": to_json(d.number)[1:-1].decode(),
        "trace": d.traceparent,
    }


class Moulds:
    """The moulds in use, found by what their events have in common."""

    def __init__(self) -> None:
        self._known: dict[tuple[Hashable, ...], tuple[str, str]] = {}

    def cast(
        self,
        key: tuple[Hashable, ...],
        write: Callable[[], tuple[str, str]],
        filled: dict[str, object],
        **besides: object,
    ) -> tuple[str, str]:
        """The event's type and text; `write` makes the stand-in's where the mould is new."""
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= KEPT:
                self._known.clear()
            type_, mould = write()
            mould = mould.replace("%", "%%")
            for text, place in _PLACES:
                mould = mould.replace(text, place)
            found = self._known[key] = type_, mould
        filled.update(besides)
        return found[0], found[1] % filled
