"""Shows the hotline's own people who asked, for a purpose, on the record as every look is."""

from datetime import datetime
from uuid import UUID

from services.intake import metrics
from services.intake.disclose import Contact
from services.intake.domain.registration import Rules
from services.intake.domain.words import who
from services.intake.find import no_such_ticket
from services.intake.store import drafts
from services.intake.store import tickets as store
from services.intake.store.vault import Vault, person_of
from shared.catalogue.rights import may
from shared.contracts.parts import Actor
from shared.errors import ForbiddenError
from shared.runtime.database import Connection


async def show_contact(
    connection: Connection,
    ticket_id: UUID,
    *,
    purpose: str,
    actor: Actor,
    account: str,
    now: datetime,
    rules: Rules,
    vault: Vault,
) -> Contact:
    """Who asked and how to reach them.

    Of a confidential ticket only to whoever took it down, calls back or leads the shift.
    """
    case = await store.load_case(connection, ticket_id)
    if case is None:
        raise no_such_ticket()
    if case.ticket.confidential and not may(actor.role, "contact.see_confidential"):
        taken = await drafts.taken_down(connection, ticket_id)
        if taken is None or taken.account != account:
            metrics.DISCLOSURES.labels("refused").inc()
            raise ForbiddenError("此件保密，请联系班长", "this ticket is confidential")
    person = await person_of(connection, ticket_id, vault=vault)
    case.note("disclosed", at=now, actor=actor)
    name = who(rules.catalogue, actor)
    case.tell("disclosed", f"12345热线（{name}）查看了联系方式，用途：{purpose}", at=now, who=name)
    await store.record_disclosure(
        connection, ticket_id, at=now, actor=actor, unit=actor.unit or actor.role, purpose=purpose
    )
    await store.save_cases(connection, [case], policy=rules.policy)
    metrics.DISCLOSURES.labels("given").inc()
    address = person.address or case.ticket.place.address
    return Contact(name=person.name, phone=person.phone, door=address, text=person.text)
