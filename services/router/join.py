"""A dispatcher's word on a merge whose two whistles two units lead: one stays, or both go on."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from annotated_types import Len

from services.router import merge, metrics
from services.router.domain import joining
from services.router.domain.book import Book
from services.router.domain.city import City
from services.router.domain.dues import Promises
from services.router.domain.joining import MergeDecision, MergeQuestion, Settled
from services.router.domain.whistle import WHISTLE, Whistle, WhistleCommand
from services.router.domain.words import WHISTLE_ZH
from services.router.store import queue
from services.router.store import whistles as store
from shared.contracts.parts import Actor
from shared.errors import ConflictError, NotFoundError
from shared.runtime.database import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeWord:
    """What a dispatcher decided, and why."""

    decision: MergeDecision
    reason: Annotated[str, Len(1, 500)]


async def settle(
    connection: Connection,
    ticket_id: UUID,
    word: MergeWord,
    *,
    actor: Actor,
    city: City,
    now: datetime,
    traceparent: str | None,
) -> Whistle:
    """Carry out the decision; the whistle that the ticket goes by from now on.

    Raises NotFoundError where no question is open, ConflictError when one of the two ended.
    """
    question = await queue.question_of(connection, ticket_id)
    if question is None:
        raise NotFoundError("没有待确定的并单", "no merge of this ticket waits for a decision")
    both = [question.ticket_id, question.into_ticket_id]
    book = await store.of_tickets(connection, both, Promises(city, now), new_whistles=0)
    # Whoever decided meanwhile held the locks: the question is read again behind them.
    if await queue.question_of(connection, ticket_id) != question:
        raise _conflict(book.whistles.get(question.whistle_id), "该并单已由他人确定")
    own, parent = _running(book, question, word.decision)
    outcome = joining.settled(
        own,
        question,
        word.decision,
        word.reason,
        actor=actor,
        policy=city.version,
        at=now,
    )
    book.put(outcome, traceparent)
    own = kept = outcome.whistle
    if word.decision is not MergeDecision.KEPT_BOTH:
        into_parent = word.decision is MergeDecision.KEPT_INTO
        kept = merge.carry_over(
            book,
            own if into_parent else parent,
            parent if into_parent else own,
            into=question.into_ticket_id if into_parent else question.ticket_id,
            actor=actor,
            at=now,
            traceparent=traceparent,
        )
    book.questions.append(
        Settled(
            ticket_id=ticket_id,
            decision=word.decision.value,
            at=now,
            actor=actor,
            reason=word.reason,
        )
    )
    await store.save(connection, book)
    metrics.count(book)
    return kept


def _running(
    book: Book, question: MergeQuestion, decision: MergeDecision
) -> tuple[Whistle, Whistle]:
    """Both whistles, of which one may still be withdrawn and the other take its tickets."""
    own = book.whistles.get(question.whistle_id)
    parent = book.whistles.get(question.into_whistle_id)
    if own is None or parent is None:
        raise _conflict(own or parent, "其中一张哨单已不在办理")
    for whistle, gives_way in ((own, MergeDecision.KEPT_INTO), (parent, MergeDecision.KEPT_OWN)):
        ends = decision is gives_way
        command = WhistleCommand.WITHDRAW if ends else WhistleCommand.LINK_TICKET
        if not WHISTLE.allows(whistle.state, command):
            raise _conflict(whistle, "其中一张哨单已有变化")
    return own, parent


def _conflict(whistle: Whistle | None, why: str) -> ConflictError:
    now = f"（现为“{WHISTLE_ZH[whistle.state]}”）" if whistle is not None else ""
    return ConflictError(
        f"{why}{now}，请刷新",
        "one of the two whistles has changed meanwhile",
        code="wrong_state",
        state=whistle.state if whistle is not None else None,
        version=whistle.seq if whistle is not None else None,
    )
