"""Takes a list out as CSV: a stream of rows without personal data, on record.

The rows come from the search a few hundred at a time, each read below the one before, within one
snapshot: memory stays the same for ten rows and for a hundred thousand.
"""

from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Final
from uuid import UUID

from services.intake.domain.case import STATE_ZH
from services.intake.domain.listed import Listed
from services.intake.domain.query import Query, canonical, public
from services.intake.domain.registration import Rules
from services.intake.domain.words import DEADLINE_ZH, local_minute, unit_name
from services.intake.search import Seer, every
from services.intake.store import views as store
from shared.catalogue.labels import LABELS_ZH
from shared.catalogue.model import Catalogue
from shared.contracts.ids import new_id
from shared.contracts.values import Channel, TicketType, Urgency
from shared.csv_text import BYTE_ORDER_MARK, line
from shared.runtime.database import Connection
from shared.runtime.service import Runtime

MOST_ROWS: Final = 100_000
HEAD: Final = (
    "工单编号", "状态", "类型", "紧急程度", "大类", "小类", "标题", "内容摘要", "区旗", "街道",
    "社区", "小区", "来源渠道", "并入热线", "主办单位", "登记时间", "最近时限", "时限内容",
    "结束时间", "轮次", "催办次数", "标记",
)  # fmt: skip
HIDDEN: Final = "（保密件，不导出内容）"


async def begin(connection: Connection, query: Query, *, seer: Seer, now: datetime) -> UUID:
    """Note who takes which list out, before the first row leaves."""
    export_id = new_id(now)
    await store.begin_export(
        connection,
        export_id,
        at=now,
        actor=seer.actor,
        account=seer.account,
        query=canonical(public(query)),
    )
    return export_id


async def rows(
    runtime: Runtime, query: Query, *, export_id: UUID, seer: Seer, rules: Rules
) -> AsyncIterator[bytes]:
    """The file, piece by piece; at its end the number of rows goes on record."""
    count = 0
    yield (BYTE_ORDER_MARK + line(HEAD)).encode()
    async with (
        runtime.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        async for chunk in every(connection, query, seer=seer, most=MOST_ROWS):
            count += len(chunk)
            yield "".join(line(_cells(each, rules.catalogue)) for each in chunk).encode()
    async with runtime.transaction() as connection:
        await store.end_export(connection, export_id, rows=count)


def _cells(listed: Listed, catalogue: Catalogue) -> Iterator[str]:
    ticket = listed.ticket
    category = catalogue.categories.get(ticket.category or "")
    yield ticket.number
    yield STATE_ZH[ticket.state]
    yield LABELS_ZH[TicketType][ticket.type]
    yield LABELS_ZH[Urgency][ticket.urgency]
    yield category.major_name if category else ""
    yield category.name if category else ""
    yield HIDDEN if ticket.confidential else ticket.title
    yield HIDDEN if ticket.confidential else ticket.summary
    yield from _place(listed, catalogue)
    yield LABELS_ZH[Channel][ticket.channel]
    yield ticket.line or ""
    yield unit_name(catalogue, listed.lead) if listed.lead else ""
    yield local_minute(ticket.registered_at)
    yield local_minute(listed.due_by) if listed.due_by else ""
    yield DEADLINE_ZH[listed.due_kind] if listed.due_kind else ""
    yield local_minute(ticket.ended_at) if ticket.ended_at else ""
    yield str(ticket.round)
    yield str(ticket.urged)
    yield "、".join(_flags(listed))


def _place(listed: Listed, catalogue: Catalogue) -> Iterator[str]:
    place = listed.ticket.place
    region = place.region or ""
    for digits in (6, 9, 12):
        named = catalogue.regions.get(region[:digits]) if len(region) >= digits else None
        yield named.name if named else ""
    yield place.compound or ""


def _flags(listed: Listed) -> Iterator[str]:
    if listed.ticket.group_matter:
        yield "群体诉求"
    if listed.ticket.confidential:
        yield "保密件"
    if listed.ticket.hard_case:
        yield "疑难件"
    if listed.due_state == "missed":
        yield "超时"
