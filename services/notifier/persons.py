"""Persons of the rota: taken from the file by id or name, or put on it with their addresses."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from annotated_types import Len
from pydantic_core import to_json

from services.notifier.store import rota as store
from services.notifier.store.rota import Contact, Person
from shared.catalogue.rights import Scope, scope_of
from shared.contracts.ids import new_id
from shared.contracts.parts import Actor
from shared.delivery.address import UnsafeAddressError, check_url
from shared.delivery.webhook import new_secret
from shared.errors import FieldError, ForbiddenError, InvalidError, NotFoundError
from shared.runtime import history
from shared.runtime.database import Connection
from shared.sealing import Seals

POLICY: Final = "rota-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where a person is reached; at least one of them. A webhook's secret is made when absent."""

    sms: str | None = None
    wecom: str | None = None
    webhook: str | None = None
    webhook_secret: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """A person on file, or a new one by name with addresses."""

    person_id: UUID | None = None
    name: Annotated[str, Len(1, 40)] | None = None
    contact: Addresses | None = None


@dataclass(slots=True)
class Draft:
    """A batch of shifts while it is put together."""

    actor: Actor
    now: datetime
    persons: dict[UUID, Person]
    new: list[tuple[Person, Contact]] = field(default_factory=list)
    entries: list[history.Entry] = field(default_factory=list)
    errors: list[FieldError] = field(default_factory=list)
    secrets: dict[UUID, str] = field(default_factory=dict)

    def refuse(self, where: str, zh: str, en: str) -> None:
        self.errors.append(FieldError(field=where, zh=zh, en=en))


def require_own(actor: Actor, unit: str | None) -> None:
    """A unit's liaison keeps the rota of the unit; the supervisor and ops keep every one."""
    if scope_of(actor.role, "rota.keep") is not Scope.CITY and (unit is None or unit != actor.unit):
        raise ForbiddenError("只能维护本单位的值班表", "you keep the rota of your own unit only")


def person_of(
    draft: Draft, who: Who, where: str, unit: str | None, region: str | None
) -> Person | None:
    """The person meant: on file by id or name, else a new one with addresses."""
    known = [p for p in draft.persons.values() if (p.unit, p.region) == (unit, region)]
    if who.person_id is not None:
        found = next((p for p in known if p.person_id == who.person_id), None)
        if found is None:
            draft.refuse(f"{where}.person_id", "没有这个人", "there is no such person there")
        return found
    if who.name is None:
        draft.refuse(f"{where}.name", "请写明姓名", "a name is wanted")
        return None
    same = next((p for p in known if p.name == who.name), None)
    if same is not None and who.contact is None:
        return same
    if same is not None:
        zh = "此人已在册：请用 person_id，联系方式另行修改"
        draft.refuse(f"{where}.name", zh, "this person is on file: name the person_id")
        return None
    contact = _contact(draft, who.contact, f"{where}.contact")
    if contact is None:
        return None
    person = _new_person(draft, who.name, contact, unit, region)
    made = who.contact is None or who.contact.webhook_secret is None
    if made and contact.webhook_secret is not None:
        draft.secrets[person.person_id] = contact.webhook_secret
    return person


def _contact(draft: Draft, given: Addresses | None, where: str) -> Contact | None:
    """The addresses, checked; None where they will not do."""
    contact, errors = contact_of(given or Addresses(), where)
    draft.errors += errors
    return contact


def contact_of(given: Addresses, where: str) -> tuple[Contact | None, list[FieldError]]:
    """Addresses as they are kept, or what is wrong with them."""
    errors = []
    if given.sms is not None and not _is_phone(given.sms):
        errors.append(FieldError(field=f"{where}.sms", zh="不是手机号", en="not a phone number"))
    if given.wecom is not None and not 0 < len(given.wecom) <= 64:
        errors.append(FieldError(field=f"{where}.wecom", zh="不是账号", en="not an account"))
    if given.webhook is not None:
        try:
            check_url(given.webhook)
        except UnsafeAddressError as error:
            zh = "只能是 https:// 地址（本机测试可用 http）"
            errors.append(FieldError(field=f"{where}.webhook", zh=zh, en=f"the address {error}"))
    secret = (given.webhook_secret or new_secret()) if given.webhook else None
    contact = Contact(
        sms=given.sms, wecom=given.wecom, webhook=given.webhook, webhook_secret=secret
    )
    if not contact.channels:
        zh = "至少要有一种联系方式：sms、wecom、webhook"
        errors.append(FieldError(field=where, zh=zh, en="at least one address is wanted"))
    return (None if errors else contact), errors


def _is_phone(text: str) -> bool:
    digits = text.removeprefix("+")
    return digits.isascii() and digits.isdigit() and 5 <= len(digits) <= 15


def _new_person(
    draft: Draft, name: str, contact: Contact, unit: str | None, region: str | None
) -> Person:
    person_id = new_id(draft.now)
    entry = entry_of(person_id, draft, what="person_added", after={"channels": contact.channels})
    person = Person(
        person_id=person_id,
        name=name,
        unit=unit,
        region=region,
        channels=contact.channels,
        history_hash=entry.hash,
    )
    draft.persons[person_id] = person
    draft.new.append((person, contact))
    draft.entries.append(entry)
    return person


def entry_of(
    aggregate_id: UUID,
    draft: Draft,
    *,
    what: str,
    after: dict[str, object],
    seq: int = 1,
    previous_hash: bytes = history.FIRST_HASH,
) -> history.Entry:
    return history.entry(
        aggregate_id,
        seq=seq,
        at=draft.now,
        what=what,
        actor=draft.actor,
        before=None,
        after=to_json(after).decode(),
        policy=POLICY,
        previous_hash=previous_hash,
    )


async def set_contact(
    connection: Connection,
    person_id: UUID,
    given: Addresses,
    *,
    actor: Actor,
    now: datetime,
    seals: Seals,
) -> str | None:
    """Other addresses for a person; returns the webhook's secret where one was made.

    Raises NotFoundError, ForbiddenError or InvalidError.
    """
    person = await store.lock_person(connection, person_id)
    if person is None:
        raise NotFoundError("没有这个人", "there is no such person")
    require_own(actor, person.unit)
    contact, errors = contact_of(given, "contact")
    if contact is None:
        raise InvalidError(*errors)
    entry = entry_of(
        person_id,
        Draft(actor, now, {}),
        what="contact_changed",
        after={"channels": contact.channels},
        seq=person.seq + 1,
        previous_hash=person.history_hash,
    )
    after = replace(person, seq=person.seq + 1, history_hash=entry.hash)
    await store.set_contact(connection, after, contact, seals=seals)
    await history.add(connection, [entry])
    return contact.webhook_secret if given.webhook_secret is None else None
