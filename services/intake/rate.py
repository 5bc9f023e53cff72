"""Rates by a link of a text message: the person's own word, which counts as the callback."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.intake.call_back import call_back
from services.intake.domain.case import Case
from services.intake.domain.rate_link import MOST_ROUNDS, RateGrant, open_rate_token, rate_token
from services.intake.domain.registration import Rules
from services.intake.domain.ticket import Ticket, TicketState
from services.intake.links import Links
from services.intake.store import callbacks
from services.intake.store import tickets as store
from services.intake.store.merges import last_reply
from services.intake.store.vault import Vault
from shared.contracts.parts import Actor, Role
from shared.contracts.tickets import CallbackResult, Satisfaction
from shared.delivery.outgoing import Channel, Message
from shared.errors import ConflictError, NotFoundError
from shared.runtime.database import Connection

CITIZEN: Final = Actor(role=Role.CITIZEN)
WITHIN: Final = timedelta(days=3)  # a text that comes later asks about what is over


@dataclass(frozen=True, slots=True, kw_only=True)
class RateCard:
    """What a link asks about; `open` until the round's callback is over."""

    ticket: Ticket
    round: int
    open: bool
    reply: str | None


def asking_texts(opened: list[Case], *, now: datetime) -> list[Message]:
    """The text message for each callback that was just opened; the link is made at sending."""
    return [
        Message(
            channel=Channel.SMS,
            recipient=f"ticket:{case.ticket.ticket_id}",
            template="resolved",
            values={"number": case.ticket.number},
            about=case.ticket.ticket_id,
            at=now,
            dedupe=f"callback:{case.ticket.ticket_id}:{case.ticket.round}",
            within=WITHIN,
            traceparent=case.traceparent,
        )
        for case in opened
    ]


async def rate_link(connection: Connection, ticket_id: UUID, *, links: Links) -> str | None:
    """The address by which the open callback of a ticket can be answered; None where none is."""
    round_ = await callbacks.open_round(connection, ticket_id)
    if round_ is None or round_ > MOST_ROUNDS:
        return None
    token = rate_token(links.key, RateGrant(ticket_id=ticket_id, round=round_))
    return f"{links.public_url}/e/{token}"


async def card_of(connection: Connection, token: str, *, links: Links) -> RateCard:
    """What is asked; NotFoundError where the link was altered."""
    grant = open_rate_token(links.key, token)
    ticket = await store.load_ticket(connection, grant.ticket_id) if grant is not None else None
    if grant is None or ticket is None:
        raise NotFoundError("链接无效", "the link is not valid")
    return RateCard(
        ticket=ticket,
        round=grant.round,
        open=ticket.state is TicketState.CALLBACK and ticket.round == grant.round,
        reply=await last_reply(connection, grant.ticket_id),
    )


async def rate(
    connection: Connection,
    token: str,
    *,
    result: CallbackResult,
    satisfaction: Satisfaction,
    note: str | None,
    links: Links,
    now: datetime,
    rules: Rules,
    vault: Vault,
    traceparent: str | None,
) -> Case:
    """What the person says on the page of the link; ConflictError once the callback is over."""
    card = await card_of(connection, token, links=links)
    if not card.open or result is CallbackResult.UNREACHABLE:
        raise ConflictError(
            "本次评价已结束",
            "this callback is over",
            code="over",
            state=card.ticket.state,
            version=card.ticket.seq,
        )
    return await call_back(
        connection,
        card.ticket.ticket_id,
        result=result,
        satisfaction=satisfaction,
        note=note,
        version=None,
        actor=CITIZEN,
        now=now,
        rules=rules,
        vault=vault,
        traceparent=traceparent,
    )
