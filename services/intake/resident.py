"""What residents do by themselves: see their own matter, its state by number, agree to be called.

Who may see which ticket is decided at the edge, by a signed session; here a ticket is given whole.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.intake.domain.case import Case
from services.intake.domain.follow_up import goes_on
from services.intake.domain.parcel import Parcel, Story, parcel
from services.intake.domain.parcel_lines import PlainLine, plain_lines
from services.intake.domain.person import is_mobile
from services.intake.domain.registration import Rules
from services.intake.domain.ticket import LIFECYCLE, Command, Ticket, TicketState
from services.intake.find import no_such_ticket
from services.intake.merge import link
from services.intake.store import residents as store
from services.intake.store import tickets as tickets_store
from services.intake.store.residents import Limit
from services.intake.store.vault import Vault, person_of
from shared.catalogue.terms import Term
from shared.contracts.parts import Actor, Role
from shared.contracts.tickets import Supplemented
from shared.contracts.values import TicketType
from shared.runtime.database import Connection

CITIZEN: Final = Actor(role=Role.CITIZEN)
STATES_ASKED: Final = Limit(scope="state", most=5, within=timedelta(hours=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class May:
    """What the person may do with a ticket now."""

    urge: bool
    urge_after: datetime | None  # when urged lately
    supplement: bool
    withdraw: bool
    goes_on: bool  # withdrawn, it is acted on all the same
    reopen_until: datetime | None
    rate: bool
    agree: bool
    appeal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A ticket as the person who asked for it sees it."""

    ticket: Ticket
    parcel: Parcel
    lines: tuple[PlainLine, ...]
    may: May
    tail: str | None  # of the phone they left
    is_mobile: bool  # it takes text messages


async def see(
    connection: Connection, ticket_id: UUID, *, rules: Rules, vault: Vault, now: datetime
) -> Seen:
    """The whole matter of one ticket; NotFoundError where there is none."""
    case = await store.view_case(connection, ticket_id)
    if case is None:
        raise no_such_ticket()
    lines = await tickets_store.timeline_of(connection, ticket_id)
    person = await person_of(connection, ticket_id, vault=vault)
    names = {
        call.unit: unit.name
        for call in case.calls.values()
        if (unit := rules.catalogue.units.get(call.unit)) is not None
    }
    story = Story(
        ticket=case.ticket,
        lines=lines,
        promises=tuple(case.promises.values()),
        calls=tuple(case.calls.values()),
        names=names,
    )
    done = {line.what for line in lines}
    return Seen(
        ticket=case.ticket,
        parcel=parcel(story),
        lines=plain_lines(lines),
        may=_may(case, rules, now, has_phone=person.phone is not None, done=done),
        tail=person.phone[-4:] if person.phone else None,
        is_mobile=person.phone is not None and is_mobile(person.phone),
    )


def _may(case: Case, rules: Rules, now: datetime, *, has_phone: bool, done: set[str]) -> May:
    ticket = case.ticket
    is_open = not ticket.has_ended and ticket.state is not TicketState.DRAFT
    again = timedelta(seconds=rules.limits.term(Term.URGE_AGAIN).amount)
    urged = ticket.urged_at + again if ticket.urged_at is not None else None
    waits = urged if urged is not None and urged > now else None
    rated = ticket.state is TicketState.CALLBACK
    return May(
        urge=is_open and waits is None and not rated,
        urge_after=waits if is_open else None,
        supplement=is_open,
        withdraw=LIFECYCLE.allows(ticket.state, Command.WITHDRAW),
        goes_on=goes_on(case, rules.catalogue),
        reopen_until=None if "reopened" in done else _reopen_until(ticket, rules, now),
        rate=rated,
        agree=is_open and ticket.confidential and not ticket.contactable and has_phone,
        appeal=LIFECYCLE.allows(ticket.state, Command.APPEAL) and "appealed" not in done,
    )


def _reopen_until(ticket: Ticket, rules: Rules, now: datetime) -> datetime | None:
    if ticket.ended_at is None or not LIFECYCLE.allows(ticket.state, Command.REOPEN):
        return None
    until = ticket.ended_at + reopen_within(rules)
    return until if now <= until else None


def reopen_within(rules: Rules) -> timedelta:
    """For how long after its end a ticket may be reopened."""
    return timedelta(seconds=rules.limits.term(Term.REOPEN).amount)


async def state_by_number(
    connection: Connection, number: str, tail: str, *, vault: Vault
) -> Ticket | None:
    """The ticket of a number whose person left a phone that ends so; None tells nothing else."""
    ticket = await store.ticket_of_number(connection, number)
    if ticket is None:
        return None
    person = await person_of(connection, ticket.ticket_id, vault=vault)
    known = (person.phone or "")[-4:]
    return ticket if hmac.compare_digest(known.encode(), tail.encode()) else None


async def own_tickets(connection: Connection, ticket_ids: Sequence[UUID]) -> list[Ticket]:
    """The tickets of a session, newest first."""
    return await store.tickets_by_id(connection, ticket_ids) if ticket_ids else []


async def agree_to_contact(
    connection: Connection, ticket_id: UUID, *, now: datetime, rules: Rules, trace: str | None
) -> None:
    """The person of a confidential ticket lets the called units contact them; they are told."""
    case = await tickets_store.load_case(connection, ticket_id)
    if case is None:
        raise no_such_ticket()
    if case.ticket.has_ended or case.ticket.contactable:
        raise case.conflict("现在不需要这样做", "there is no need for it now")
    case.note("agreed_to_contact", at=now, actor=CITIZEN, contactable=True)
    ticket, words = case.ticket, "诉求人同意承办单位与其联系"
    fact = Supplemented(
        seq=ticket.seq,
        actor=CITIZEN,
        policy=rules.policy,
        ticket_id=ticket_id,
        round=ticket.round,
        text=words,
    )
    case.say(fact, at=now, traceparent=trace)
    case.tell("agreed_to_contact", "同意办理单位联系", at=now, who="诉求人")
    await store.agree_to_contact(connection, ticket_id)
    await tickets_store.save_cases(connection, [case], policy=rules.policy)


async def wish_to_join(
    connection: Connection,
    ticket_id: UUID,
    joins: UUID,
    *,
    now: datetime,
    rules: Rules,
    trace: str | None,
) -> bool:
    """Note the wish to be handled together with an earlier report, and link the two.

    Nothing is merged here: a person confirms that (DOMAIN §3), and the ticket keeps its own number
    and callback. False where the other does not fit.
    """
    cases = await tickets_store.load_cases(connection, {ticket_id, joins})
    own, other = cases.get(ticket_id), cases.get(joins)
    if own is None or other is None or own is other or not _fits(own.ticket, other.ticket):
        return False
    if await store.add_wish(connection, ticket_id, joins=joins, at=now):
        await link(
            connection,
            ticket_id,
            to=joins,
            version=None,
            actor=CITIZEN,
            now=now,
            rules=rules,
            traceparent=trace,
        )
    return True


def _fits(own: Ticket, other: Ticket) -> bool:
    """Both are open to be known of and of one category."""
    hidden = own.confidential or other.confidential or other.type is TicketType.TIP_OFF
    same = own.category is not None and own.category == other.category
    return same and not hidden and not other.has_ended
