"""What the notifier sends outside: messages to people on duty, by the addresses on their file.

A delivery names the person; the phone, account or webhook is looked up and opened when it is sent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import httpx

from services.notifier.store import rota
from services.notifier.store.rota import Contact
from shared.contracts.values import Urgency
from shared.delivery import outgoing
from shared.delivery.address import Allowed
from shared.delivery.deliver import Deliverer, Sender
from shared.delivery.outgoing import Channel, Message
from shared.delivery.sms import Addressee, SmsSender
from shared.delivery.texts import Texts
from shared.delivery.webhook import Endpoint, WebhookSender
from shared.delivery.wecom import WecomSender
from shared.runtime.database import Connection
from shared.runtime.logging import logger
from shared.runtime.service import Runtime
from shared.sealing import Seals

log = logger(__name__)
TEXTS: Final = Path(__file__).parent / "templates" / "sms.toml"
PERSON: Final = "person"
NO_SEALS: Final = "no vault key is configured (SHAODAO_VAULT_KEY): people on duty are not told"
TEMPLATE, WEBHOOK_TYPE = "notice", "shaodao.notice.person.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One text for one person by one channel; `receiver` is a person_id, `kind` of a bundle."""

    kind: str
    receiver: UUID
    channel: Channel
    title: str
    text_zh: str
    text_en: str
    urgency: Urgency
    about: UUID | None
    at: datetime
    dedupe: str


async def send(connection: Connection, parcels: Sequence[Parcel]) -> None:
    """Put parcels down to be sent, within the caller's transaction."""
    await outgoing.put_many(connection, [_message(parcel) for parcel in parcels])


def _message(parcel: Parcel) -> Message:
    webhook = parcel.channel is Channel.WEBHOOK
    values = {"title": parcel.title, "text": parcel.text_zh}
    if webhook:
        values |= {"text_en": parcel.text_en, "kind": parcel.kind, "urgency": parcel.urgency}
    return Message(
        channel=parcel.channel,
        recipient=f"{PERSON}:{parcel.receiver}",
        template=WEBHOOK_TYPE if webhook else TEMPLATE,
        values=values,
        about=parcel.about,
        at=parcel.at,
        dedupe=parcel.dedupe,
    )


@dataclass(frozen=True, slots=True)
class Persons:
    """Finds the addresses that the references of deliveries mean."""

    runtime: Runtime
    seals: Seals

    async def addressee(self, recipient: str) -> Addressee | None:
        """The phone behind "person:<person_id>"."""
        contact = await self._contact(recipient)
        return Addressee(phone=contact.sms) if contact and contact.sms else None

    async def wecom_user(self, recipient: str) -> str | None:
        """The WeChat Work account behind it."""
        contact = await self._contact(recipient)
        return contact.wecom if contact else None

    async def endpoint(self, recipient: str) -> Endpoint | None:
        """The webhook behind it."""
        contact = await self._contact(recipient)
        if contact is None or contact.webhook is None or contact.webhook_secret is None:
            return None
        return Endpoint(url=contact.webhook, secrets=(contact.webhook_secret,))

    async def disable(self, recipient: str, why: str) -> None:
        """A person's webhook that wants no more is asked again with the next message."""
        log.warning("webhook_refuses", recipient=recipient, why=why)

    async def _contact(self, recipient: str) -> Contact | None:
        person_id = UUID(recipient.partition(":")[2])
        async with self.runtime.pool.acquire() as connection:
            return await rota.contact_of(connection, person_id, seals=self.seals)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlets:
    """The ways out of this deployment, and how many messages a minute each takes."""

    wecom_url: str | None = None  # of the robot, with its key
    wecom_per_minute: int = 20
    sms_per_minute: int = 600


def start_sending(
    runtime: Runtime, *, seals: Seals, client: httpx.AsyncClient, outlets: Outlets
) -> tuple[Deliverer, frozenset[str]]:
    """Deliver from this process on, as soon as the runtime starts; and by which channels."""
    settings, persons, texts = runtime.settings, Persons(runtime, seals), Texts(TEXTS)
    senders: dict[Channel, Sender] = {
        Channel.WEBHOOK: WebhookSender(
            client,
            allowed=Allowed.read(settings.webhook_networks),
            endpoint_of=persons.endpoint,
            disable=persons.disable,
        )
    }
    if settings.sms_url is not None:
        senders[Channel.SMS] = SmsSender(
            client,
            url=str(settings.sms_url),
            key=settings.sms_key.get_secret_value(),
            sign=settings.sms_sign,
            texts=texts,
            addressee_of=persons.addressee,
        )
    else:
        runtime.degraded["sms"] = "no gateway (SHAODAO_SMS_URL): text messages wait"
    if outlets.wecom_url is not None:
        senders[Channel.WECOM] = WecomSender(
            client, url=outlets.wecom_url, texts=texts, user_of=persons.wecom_user
        )
    # its watch commits all the time, and what is to be sent comes from the teller alone
    deliverer = Deliverer(
        runtime,
        senders,
        after_commits=False,
        per_minute={
            Channel.SMS: outlets.sms_per_minute,
            Channel.WECOM: outlets.wecom_per_minute,
        },
    )
    return deliverer, frozenset(channel.value for channel in senders)
