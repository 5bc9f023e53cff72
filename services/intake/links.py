"""Links to tickets for residents: made for messages and receipts, opened, revoked.

`ticket_link(settings, ticket_id)` is the address that a text message carries.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from pydantic import AnyHttpUrl, SecretStr

from services.intake.domain.case import Case
from services.intake.domain.links import Grant, link_token, open_link, signing_key
from services.intake.domain.person import Person, is_mobile
from services.intake.store import residents as store
from shared.delivery.outgoing import Channel, Message
from shared.runtime.clock import wall_now
from shared.runtime.database import Connection


class HasAddress(Protocol):
    """Of a service's settings, what links are made from."""

    @property
    def token_secret(self) -> SecretStr: ...
    @property
    def public_url(self) -> AnyHttpUrl | None: ...
    @property
    def intake_url(self) -> AnyHttpUrl | None: ...
    @property
    def http_host(self) -> str: ...
    @property
    def http_port(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Makes links; one a process."""

    public_url: str
    key: bytes

    def ticket(self, ticket_id: UUID, *, generation: int = 0) -> str:
        """A link that opens this ticket for the next 180 days."""
        grant = Grant(ticket_id=ticket_id, generation=generation)
        return f"{self.public_url}/t/{link_token(self.key, grant, now=wall_now())}"


def links_of(settings: HasAddress) -> Links:
    """Links as these settings make them; without SHAODAO_PUBLIC_URL to intake's own address."""
    own = f"http://{settings.http_host}:{settings.http_port}"
    address = str(settings.public_url or settings.intake_url or own)
    key = signing_key(settings.token_secret.get_secret_value())
    return Links(public_url=address.rstrip("/"), key=key)


def registered_texts(registered: Iterable[tuple[Case, Person]], now: datetime) -> list[Message]:
    """The text message for each new ticket whose person left a mobile phone."""
    return [
        Message(
            channel=Channel.SMS,
            recipient=f"ticket:{case.ticket.ticket_id}",
            template="registered",
            values={"number": case.ticket.number},  # the link is made when it is sent
            about=case.ticket.ticket_id,
            at=now,
            traceparent=case.traceparent,
        )
        for case, person in registered
        if person.phone is not None and is_mobile(person.phone)
    ]


def ticket_link(settings: HasAddress, ticket_id: UUID) -> str:
    """The short signed address of a ticket whose links were never revoked."""
    return links_of(settings).ticket(ticket_id)


async def open_token(
    connection: Connection, token: str, *, links: Links, now: datetime
) -> Grant | None:
    """What a link opens; None where it was altered, has expired or was revoked."""
    grant = open_link(links.key, token, now=now)
    if grant is None:
        return None
    return next(iter(await still_held(connection, [grant])), None)


async def still_held(connection: Connection, grants: Sequence[Grant]) -> list[Grant]:
    """Of these, the ones that no revocation ended."""
    if not grants:
        return []
    now = await store.generations(connection, [each.ticket_id for each in grants])
    return [each for each in grants if each.generation == now.get(each.ticket_id, 0)]


async def grants_for(connection: Connection, ticket_ids: Sequence[UUID]) -> list[Grant]:
    """Rights to these tickets as they are given out now."""
    now = await store.generations(connection, ticket_ids)
    return [Grant(ticket_id=each, generation=now.get(each, 0)) for each in ticket_ids]


async def revoke(connection: Connection, ticket_id: UUID, *, links: Links, now: datetime) -> str:
    """End every link and session to a ticket; the new link."""
    generation = await store.revoke_links(connection, ticket_id, at=now)
    return links.ticket(ticket_id, generation=generation)
