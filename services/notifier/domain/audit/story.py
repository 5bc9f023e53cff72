"""All promises of one ticket or one whistle, folded from the facts about it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from services.notifier.domain.audit.life import Life
from services.notifier.domain.audit.meanings import AUDITED, ENDS_WHISTLE, notes
from services.notifier.domain.audit.note import Note, Told, Verb
from services.notifier.domain.audit.rungs import Book, Terms
from services.notifier.domain.audit.timing import Timing
from shared.contracts import tickets, whistles
from shared.contracts.ids import deadline_id
from shared.contracts.parts import DeadlineKind
from shared.contracts.values import Urgency, WhistleKind


@dataclass(slots=True, kw_only=True)
class Story:
    """A ticket or whistle (`subject`) while its facts are told in the order they were heard.

    Facts of another subject are told here where they matter: the blowing that dispatches a ticket,
    the group matter that shortens a whistle's ladder.
    """

    subject: UUID
    book: Book
    timing: Timing
    lives: dict[UUID, Life] = field(default_factory=dict)
    urgency: Urgency = Urgency.NORMAL
    group: bool = False
    dispatched: Told | None = None

    def tell(self, told: Told) -> None:
        """One more fact."""
        data = told.data
        match data:
            case whistles.Blown():
                self._blown(told, data)
                return
            case tickets.GroupFlagged():
                self._group(told)
                return
            case tickets.Registered():
                self._notes(told)
                if self.dispatched is not None:
                    self._dispatch(self.dispatched, told)
                return
        if isinstance(data, ENDS_WHISTLE):
            for life in list(self.lives.values()):
                self._hear(life, Verb.END, told)
            return
        self._notes(told)
        if isinstance(data, tickets.TicketFact):
            self._unasked(told)

    def _notes(self, told: Told) -> None:
        for note in notes(told):
            self._note(note, told)

    def _blown(self, told: Told, data: whistles.Blown) -> None:
        if data.whistle_id == self.subject:
            self.urgency = data.urgency
            self._notes(told)
        elif data.kind is WhistleKind.CITIZEN_DEMAND and data.round == 1:
            self.dispatched = told
            self._dispatch(told, told)

    def _dispatch(self, blown: Told, heard: Told) -> None:
        """The ticket's first whistle was blown; heard with it, or with the ticket after it."""
        note = Note(Verb.MEET, self.subject, DeadlineKind.DISPATCH, 1, blown.at)
        life = self.lives.get(deadline_id(self.subject, DeadlineKind.DISPATCH, 1))
        if life is not None:
            life.hear(note, heard.heard_at)

    def _group(self, told: Told) -> None:
        if told.data.ticket_id == self.subject:
            return  # a ticket's own promises do not climb
        self.group = True
        for life in self.lives.values():
            self._hear(life, Verb.GROUP, told)

    def _unasked(self, told: Told) -> None:
        """No answer about a ticket is wanted any more once its own clock has stopped."""
        citizen = self.lives.get(deadline_id(self.subject, DeadlineKind.CITIZEN, 1))
        if citizen is not None and citizen.ended:
            for life in self.lives.values():
                if life.terms.kind is DeadlineKind.SUPERVISION:
                    self._hear(life, Verb.END, told)

    def _hear(self, life: Life, verb: Verb, told: Told) -> None:
        terms = life.terms
        life.hear(Note(verb, self.subject, terms.kind, terms.round, told.at), told.heard_at)

    def _note(self, note: Note, told: Told) -> None:
        if note.kind not in AUDITED:
            return
        id_ = deadline_id(note.owner_id, note.kind, note.round)
        life = self.lives.get(id_)
        if life is not None:
            life.hear(note, told.heard_at)
        elif note.verb in (Verb.OPEN, Verb.RENEW) and note.due is not None:
            self.lives[id_] = Life(
                deadline_id=id_,
                terms=Terms(
                    kind=note.kind,
                    round=note.round,
                    urgency=self.urgency,
                    group=self.group,
                    due=note.due,
                    counted_from=note.due.started_at,
                ),
                armed=told.heard_at,
                book=self.book,
                timing=self.timing,
            )


def lives_of(
    subject: UUID, facts: Iterable[Told], *, book: Book, timing: Timing
) -> dict[UUID, Life]:
    """The promises of a subject, by deadline_id; `facts` in the order they were heard."""
    story = Story(subject=subject, book=book, timing=timing)
    for told in facts:
        story.tell(told)
    return story.lives
