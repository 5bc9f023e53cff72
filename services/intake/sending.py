"""What intake sends outside: text messages to people, changes of tickets to source systems.

Who is meant is looked up at the moment of sending: phones, codes and links stand in no delivery.
"""

from pathlib import Path
from typing import Final
from uuid import UUID

import httpx

from services.intake.links import links_of
from services.intake.rate import rate_link
from services.intake.store import residents, sources
from services.intake.store.vault import Vault, person_of
from shared.delivery.address import Allowed
from shared.delivery.deliver import Deliverer, Sender
from shared.delivery.outgoing import Channel
from shared.delivery.sms import Addressee, SmsSender
from shared.delivery.texts import Texts
from shared.delivery.webhook import Endpoint, WebhookSender
from shared.runtime.clock import wall_now
from shared.runtime.service import Runtime

TEXTS: Final = Path(__file__).parent / "templates" / "sms.toml"


class Recipients:
    """Finds whom the references of deliveries mean."""

    def __init__(self, runtime: Runtime, vault: Vault) -> None:
        self._runtime = runtime
        self._vault = vault
        self._links = links_of(runtime.settings)

    async def addressee(self, recipient: str) -> Addressee | None:
        """The phone behind "ticket:<ticket_id>" or "code:<code_id>", with link or code."""
        kind, _, reference = recipient.partition(":")
        if kind == "code":
            return await self._of_code(UUID(reference))
        if kind == "ticket":
            return await self._of_ticket(UUID(reference))
        raise ValueError(f"no text message goes to a {kind}")

    async def _of_ticket(self, ticket_id: UUID) -> Addressee | None:
        async with self._runtime.pool.acquire() as connection:
            person = await person_of(connection, ticket_id, vault=self._vault)
            known = await residents.generations(connection, [ticket_id])
            rate = await rate_link(connection, ticket_id, links=self._links)
        if person.phone is None:
            return None
        link = self._links.ticket(ticket_id, generation=known.get(ticket_id, 0))
        return Addressee(phone=person.phone, values={"link": link, "rate": rate or link})

    async def _of_code(self, code_id: UUID) -> Addressee | None:
        async with self._runtime.pool.acquire() as connection:
            found = await residents.code_to_send(connection, code_id, vault=self._vault)
        return Addressee(phone=found[0], values={"code": found[1]}) if found else None

    async def endpoint(self, recipient: str) -> Endpoint | None:
        """The webhook behind "source:<system>"."""
        system = recipient.partition(":")[2]
        async with self._runtime.pool.acquire() as connection:
            found = await sources.endpoint_of(
                connection, system, vault=self._vault, wall=wall_now()
            )
        return Endpoint(url=found[0], secrets=found[1]) if found else None

    async def disable(self, recipient: str, why: str) -> None:
        """The webhook's side wants no more."""
        async with self._runtime.transaction() as connection:
            await sources.disable_webhook(
                connection, recipient.partition(":")[2], why=why, wall=wall_now()
            )


def start_sending(runtime: Runtime, *, vault: Vault, client: httpx.AsyncClient) -> None:
    """Deliver from this process on, as soon as the runtime starts."""
    settings, recipients = runtime.settings, Recipients(runtime, vault)
    senders: dict[Channel, Sender] = {
        Channel.WEBHOOK: WebhookSender(
            client,
            allowed=Allowed.read(settings.webhook_networks),
            endpoint_of=recipients.endpoint,
            disable=recipients.disable,
        )
    }
    if settings.sms_url is not None:
        senders[Channel.SMS] = SmsSender(
            client,
            url=str(settings.sms_url),
            key=settings.sms_key.get_secret_value(),
            sign=settings.sms_sign,
            texts=Texts(TEXTS),
            addressee_of=recipients.addressee,
        )
    else:
        runtime.degraded["sms"] = "no gateway (SHAODAO_SMS_URL): text messages wait"
    Deliverer(runtime, senders)
