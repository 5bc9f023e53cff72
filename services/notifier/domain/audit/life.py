"""The life of one promise as the facts tell it: when it ran, and which rungs had to fire.

What is judged by when things happened (in time or late) is certain. What the watch does on its own
(a warning, a step of the ladder) hangs on whether it came before the next fact was heard: where it
surely had time a rung must have fired, where the two met it may have.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from services.notifier.domain.audit.note import Note, Verb
from services.notifier.domain.audit.rungs import DUE, Book, Mark, Terms
from services.notifier.domain.audit.timing import Timing
from shared.contracts.parts import DeadlineKind
from shared.contracts.values import Due


@dataclass(slots=True, kw_only=True)
class Wanted:
    """One rung of one term: when it was to fire, and whether it surely had to."""

    rung: str
    ats: list[datetime]
    must: bool
    warns: bool
    seen: datetime  # when the watch could first see it (wall time)


@dataclass(slots=True, kw_only=True)
class Life:
    """A promise under the facts told so far; `term` are the rungs of the promise as it is now."""

    deadline_id: UUID
    terms: Terms
    armed: datetime  # when the watch learnt of it as it is (domain time)
    book: Book
    timing: Timing
    paused_at: datetime | None = None
    met_at: datetime | None = None
    ended: bool = False
    missed: bool = False  # the miss stands, by what happened
    late: bool = False
    hazy: bool = False  # two orders of events were possible: from here on a rung only may fire
    term: dict[str, Wanted] = field(default_factory=dict)
    wanted: list[Wanted] = field(default_factory=list)
    _marks: tuple[Terms, tuple[Mark, ...]] | None = None

    def warnings(self) -> tuple[Mark, ...]:
        """The warnings of the promise as it is now, worked out once."""
        if self._marks is None or self._marks[0] is not self.terms:
            self._marks = (self.terms, tuple(self.book.warnings(self.terms)))
        return self._marks[1]

    @property
    def running(self) -> bool:
        return not self.ended and self.paused_at is None

    def hear(self, note: Note, heard_at: datetime) -> None:
        """What a fact says of it, heard then: first what the watch did before, then the change."""
        self.watch_until(heard_at)
        if _DEEDS[note.verb](self, note, heard_at):
            self.armed = heard_at

    def watch_until(self, end: datetime) -> None:
        """Mark the rungs the watch had to fire, or may have, until then (domain time)."""
        if not self.running:
            return
        wall = self.timing.wall(end)
        if not self.missed or self.hazy:
            for mark in self.warnings():
                self._mark(mark, wall, warns=True)
            if not self._mark(Mark(DUE, self.terms.due.by), wall, warns=False):
                return
        for mark in self.book.climbs(self.terms):
            if not self._mark(mark, wall, warns=False):
                return

    def _mark(self, mark: Mark, wall: datetime, *, warns: bool) -> bool:
        """Note a rung that fires before `wall`; whether it may have."""
        seen = self.timing.seen(mark.at, self.armed)
        if not self.timing.maybe(seen, wall):
            return False
        self._want(mark, seen=seen, warns=warns, must=self.timing.surely(seen, wall))
        return True

    def _want(self, mark: Mark, *, seen: datetime, warns: bool, must: bool) -> None:
        must = must and not self.hazy
        wanted = self.term.get(mark.rung)
        if wanted is None:
            wanted = Wanted(rung=mark.rung, ats=[mark.at], must=must, warns=warns, seen=seen)
            self.term[mark.rung] = wanted
            self.wanted.append(wanted)
        elif not wanted.must:
            if mark.at not in wanted.ats:
                wanted.ats.append(mark.at)
            wanted.must, wanted.seen = must, max(seen, wanted.seen)

    def _settle(self, at: datetime, heard_at: datetime, *, inclusive: bool) -> None:
        """Whether it had been kept, or was missed, when something happened at `at`."""
        counted = at if self.paused_at is None else min(at, self.paused_at)
        by = self.terms.due.by
        in_time = counted <= by if inclusive else counted < by
        if in_time:
            if self.missed or (self.running and DUE in self.term):
                self._take_back()
        elif self.running and not self.missed:
            seen = self.timing.seen(by, heard_at)
            self._want(Mark(DUE, by), seen=seen, warns=False, must=True)
            self.missed = self.late = True

    def _take_back(self) -> None:
        """The miss does not stand: of this promise only the warnings were given."""
        self.missed = self.late = self.ended = False
        self.paused_at = None
        self.term = {name: each for name, each in self.term.items() if each.warns}

    def _renew(self, due: Due) -> None:
        """Another promise from here on: each rung may fire anew."""
        self.terms = replace(self.terms, due=due, counted_from=due.started_at)
        self.term, self.hazy = {}, False

    def _open(self, note: Note, heard_at: datetime) -> bool:
        return self._change(note, heard_at)

    def _meet(self, note: Note, heard_at: datetime) -> bool:
        if self.met_at is not None:
            return False
        if self.ended and not self.missed:  # kept before it was called off, and heard after
            self.ended = False
        self._settle(note.at, heard_at, inclusive=True)
        self.met_at, self.ended, self.paused_at = note.at, True, None
        return True

    def _end(self, note: Note, heard_at: datetime) -> bool:
        if self.ended:
            return False
        self._settle(note.at, heard_at, inclusive=False)
        self.ended, self.paused_at = True, None
        return True

    def _pause(self, note: Note, heard_at: datetime) -> bool:
        if not self.running:
            return False
        self._settle(note.at, heard_at, inclusive=False)
        self.paused_at = note.at
        return True

    def _resume(self, note: Note, heard_at: datetime) -> bool:
        if self.paused_at is None:
            return False
        due = note.due or self.terms.due
        counted_from = self.book.moved(self.terms, due)
        self.terms = replace(self.terms, due=due, counted_from=counted_from)
        self.paused_at = None
        return True

    def _change(self, note: Note, heard_at: datetime) -> bool:
        if note.due is None:
            return self._end(note, heard_at)
        if note.due == self.terms.due:
            return False
        if self.met_at is not None:
            return note.outage and self._excuse(note.due, self.met_at)
        missed, surely = self._missed_by(heard_at)
        if self.ended and not missed:
            self.ended = False
        elif missed and note.due.by > note.at:  # more time was given after it was due
            self._take_back()
            missed = False
        if missed:  # the new time is past as well: the miss stands, the ladder counts from it
            self.terms = replace(self.terms, due=note.due, counted_from=note.due.started_at)
            self.missed = self.late = True
            if not surely:  # or the watch had not marked it: then the new time is all it knows of
                self.hazy, self.term = True, {}
        else:
            self._renew(note.due)
        return True

    def _excuse(self, due: Due, met_at: datetime) -> bool:
        """A declared outage moved what was met late: what the new time reaches was in time."""
        if not self.late or self.terms.kind is DeadlineKind.DEEMED:
            return False
        self.terms = replace(self.terms, due=due)
        if met_at <= due.by:
            self.missed = self.late = False
            self.term = {name: each for name, each in self.term.items() if each.warns}
        return True

    def _missed_by(self, heard_at: datetime) -> tuple[bool, bool]:
        """Whether the watch had marked the miss before the fact was heard; whether surely so."""
        if self.missed:
            return True, True
        if not self.running:
            return False, True
        seen, wall = self.timing.seen(self.terms.due.by, self.armed), self.timing.wall(heard_at)
        return self.timing.maybe(seen, wall), self.timing.surely(seen, wall)

    def _reopen(self, note: Note, heard_at: datetime) -> bool:
        if self.met_at is None:
            return self._change(note, heard_at) if note.due is not None else False
        self.met_at, self.ended = None, False
        if note.due is not None:
            self.missed = self.late = False
            self._renew(note.due)
        return True

    def _once_more(self, note: Note, heard_at: datetime) -> bool:
        """The same thing is owed anew; whether it was kept before is settled first."""
        if note.due is None or note.due == self.terms.due:
            return False
        if not self.ended:
            self._settle(note.at, heard_at, inclusive=False)
        self.missed = self.late = self.ended = False
        self.paused_at = self.met_at = None
        self._renew(note.due)
        return True

    def _restore(self, note: Note, heard_at: datetime) -> bool:
        if not self.ended or self.met_at is not None:
            return False
        self.ended = False
        return True

    def _group(self, note: Note, heard_at: datetime) -> bool:
        if self.terms.group or self.ended:
            return False
        self.terms = replace(self.terms, group=True)
        return True


_DEEDS = {
    Verb.OPEN: Life._open,
    Verb.MEET: Life._meet,
    Verb.END: Life._end,
    Verb.PAUSE: Life._pause,
    Verb.RESUME: Life._resume,
    Verb.CHANGE: Life._change,
    Verb.REOPEN: Life._reopen,
    Verb.RESTORE: Life._restore,
    Verb.RENEW: Life._once_more,
    Verb.GROUP: Life._group,
}
