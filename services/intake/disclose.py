"""Gives the contact of a person to the called unit's handler, for a purpose, on the record."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from services.intake import metrics
from services.intake.domain.case import Case
from services.intake.domain.heard import CALLED
from services.intake.domain.registration import Rules
from services.intake.domain.words import unit_name
from services.intake.store import tickets as store
from services.intake.store.vault import Vault, person_of
from shared.contracts.parts import Actor
from shared.contracts.values import Relation
from shared.errors import ForbiddenError
from shared.runtime.database import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """What a handler needs to reach the person."""

    name: str | None
    phone: str | None
    door: str | None
    text: str | None  # the person's own words, where the units saw them redacted


WORKING: Final = frozenset({Relation.LEAD, Relation.ASSISTING})


async def disclose(
    connection: Connection,
    ticket_id: UUID,
    *,
    purpose: str,
    actor: Actor,
    now: datetime,
    rules: Rules,
    vault: Vault,
) -> Contact:
    """Who asked and how to reach them.

    Refused unless the actor's unit works on the ticket now, and where the person is confidential
    and has not agreed to be contacted.
    """
    case = await store.load_case(connection, ticket_id)
    if case is None or actor.unit is None or not _is_called(case, actor.unit):
        raise _refused("贵单位当前未承办此工单", "your unit is not called for this ticket now")
    if not case.ticket.contactable:
        raise _refused(
            "此件保密或未留联系方式，不提供联系方式",
            "this ticket is confidential or has no contact",
        )
    person = await person_of(connection, ticket_id, vault=vault)
    case.note("disclosed", at=now, actor=actor)
    unit = unit_name(rules.catalogue, actor.unit)
    case.tell("disclosed", f"{unit}查看了联系方式，用途：{purpose}", at=now, who=unit)
    await store.record_disclosure(
        connection, ticket_id, at=now, actor=actor, unit=actor.unit, purpose=purpose
    )
    await store.save_cases(connection, [case], policy=rules.policy)
    metrics.DISCLOSURES.labels("given").inc()
    address = person.address or case.ticket.place.address
    return Contact(name=person.name, phone=person.phone, door=address, text=person.text)


def _is_called(case: Case, unit: str) -> bool:
    return not case.ticket.has_ended and any(
        call.unit == unit and call.relation in WORKING and call.state in CALLED
        for call in case.calls.values()
    )


def _refused(zh: str, en: str) -> ForbiddenError:
    metrics.DISCLOSURES.labels("refused").inc()
    return ForbiddenError(zh, en)
