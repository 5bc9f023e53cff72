"""Tickets by the hundred thousand, in our own words, written as rows with all that lists read.

Texts are put together from the catalogue's places and our own sentences: a few words are in every
tenth ticket, most in one of hundreds, and a number on a plate in one of five thousand.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random
from typing import Any, Final
from uuid import UUID

import asyncpg

from services.intake.domain.case import Line
from services.intake.domain.number import ticket_number
from services.intake.domain.person import Person
from services.intake.domain.promises import Promise, PromiseState
from services.intake.domain.ticket import ENDED, WHISTLED, Ticket, TicketState
from services.intake.store.rows import (
    LINE_COLUMNS,
    PROMISE_COLUMNS,
    TICKET_COLUMNS,
    line_record,
    promise_record,
    ticket_record,
)
from services.intake.store.vault import Vault
from shared.catalogue.load import load_catalogue
from shared.catalogue.model import Category, Compound
from shared.contracts.ids import new_id
from shared.contracts.parts import DeadlineKind, Place
from shared.contracts.values import Channel, Due, TicketType, Urgency

BATCH: Final = 20_000
BEGIN: Final = datetime(2024, 9, 2, 0, 30, tzinfo=UTC)
EVERY: Final = timedelta(seconds=63)  # a million take two years
A_CALLER: Final = 4  # tickets of a caller, on average
THINGS: Final = (
    "路灯", "电梯", "下水道", "井盖", "暖气", "垃圾桶", "停车位", "围墙", "健身器材", "树枝",
    "消防通道", "公交站牌", "红绿灯", "广告牌", "自来水", "楼道门", "化粪池", "宽带线", "变压器",
    "单元门禁",
)  # fmt: skip
FAULTS: Final = (
    "坏了好几天没人管", "夜里响个不停", "漏水把楼下都淹了", "被车撞歪了很危险", "一直没有人清理",
    "收费和公示的不一样", "施工以后没有恢复", "白天黑夜都有异味", "被人占用出不去",
    "说好上周修到现在没动静",
)  # fmt: skip
WISHES: Final = (
    "请尽快派人来看看", "希望给个明确的说法", "请告诉我们哪天能修好", "麻烦核实后回个电话",
    "希望今后不要再发生", "请联系物业一起解决",
)  # fmt: skip
SURNAMES: Final = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜"
TRADES: Final = (
    "面馆", "理发店", "超市", "烧烤摊", "修车铺", "早点铺", "棋牌室", "装饰公司", "驾校", "药房",
    "网吧", "洗衣店", "水果店", "幼儿园", "宾馆", "健身房",
)  # fmt: skip
STATES: Final = (
    *[TicketState.CLOSED] * 70, *[TicketState.ARCHIVED] * 12, *[TicketState.PROCESSING] * 8,
    *[TicketState.CALLBACK] * 3, *[TicketState.DISPATCHED] * 3, *[TicketState.REGISTERED] * 2,
    TicketState.SUSPENDED, TicketState.WITHDRAWN,
)  # fmt: skip
CALL_COLUMNS: Final = ("ticket_id", "assignment_id", "whistle_id", "unit", "relation", "state")
VAULT_COLUMNS: Final = ("ticket_id", "key_id", "sealed", "phone_index", "at")


@dataclass(frozen=True, slots=True)
class Made:
    """One ticket with its caller."""

    ticket: Ticket
    phone: str


class Maker:
    """Makes the same tickets in the same order every time."""

    def __init__(self) -> None:
        catalogue = load_catalogue()
        self._dice = Random(20260914)
        self._compounds: list[Compound] = list(catalogue.compounds.values())
        self._categories: list[Category] = list(catalogue.categories.values())
        self._units = [unit.code for unit in catalogue.units.values() if unit.function_codes][:60]
        self._made = 0

    def tickets(self, count: int) -> Iterator[Made]:
        """The next ones, each a minute after the one before."""
        for _ in range(count):
            self._made += 1
            yield Made(self._ticket(self._made), self._phone())

    def unit(self) -> str:
        return self._dice.choice(self._units)

    def _phone(self) -> str:
        """Callers come as the tickets do, so that each has as many however many there are."""
        caller = self._dice.randrange(self._made // A_CALLER, self._made + A_CALLER)
        return f"139{10_000_000 + caller:08d}"

    def _ticket(self, nth: int) -> Ticket:
        dice, at = self._dice, BEGIN + nth * EVERY
        compound, category = dice.choice(self._compounds), dice.choice(self._categories)
        state = dice.choice(STATES)
        thing, shop = dice.choice(THINGS), f"{dice.choice(SURNAMES)}记{dice.choice(TRADES)}"
        text = (
            f"{compound.name}{dice.randrange(1, 40)}号楼前的{thing}{dice.choice(FAULTS)}，"
            f"旁边是{shop}，牌子上写着编号{dice.randrange(5000):04d}，{dice.choice(WISHES)}。"
            f"反映的是{category.name}。"
        )
        ticket_id = new_id(at)
        whistled = state in WHISTLED or state is TicketState.ARCHIVED
        return Ticket(
            ticket_id=ticket_id,
            number=ticket_number("1599", at.date(), nth % 999_999 + 1),
            state=state,
            seq=5,
            round=1,
            channel=dice.choice(list(Channel)),
            type=dice.choice(list(TicketType)),
            urgency=Urgency.NORMAL if dice.random() < 0.93 else Urgency.URGENT,
            category=category.code,
            title=f"{compound.name}{thing}{category.name}"[:40],
            summary=text,
            place=Place(
                region=f"{compound.region_code}{dice.randrange(1, 5):03d}",
                address=f"{compound.name}{dice.randrange(1, 40)}号楼",
                lat=compound.lat + dice.uniform(-0.002, 0.002),
                lon=compound.lon + dice.uniform(-0.002, 0.002),
                compound=compound.name,
                property_unit=compound.property_unit,
            ),
            line=None,
            choice=None,
            source=None,
            confidential=False,
            contactable=True,
            hard_case=False,
            registered_at=at,
            whistle_id=new_id(at) if whistled else None,
            ended_at=at + timedelta(days=4) if state in ENDED else None,
            history_hash=bytes(32),
        )


async def fill(
    connection: "asyncpg.Connection[Any]", maker: Maker, count: int, *, vault: Vault
) -> list[str]:
    """Write the next `count` tickets; some of their phones."""
    phones: list[str] = []
    made = maker.tickets(count)
    while batch := list(islice(made, BATCH)):
        async with connection.transaction():
            await _copy(connection, maker, batch, vault)
        phones += [each.phone for each in batch[:: max(1, len(batch) // 400)]]
    return phones


async def _copy(
    connection: "asyncpg.Connection[Any]", maker: Maker, batch: Sequence[Made], vault: Vault
) -> None:
    tickets = [each.ticket for each in batch]
    await connection.copy_records_to_table(
        "ticket",
        columns=TICKET_COLUMNS,
        records=[ticket_record(t, bytes(32), "{}") for t in tickets],
    )
    await connection.copy_records_to_table(
        "vault", columns=VAULT_COLUMNS, records=[_sealed(each, vault) for each in batch]
    )
    promises = [promise for ticket in tickets for promise in _promises(ticket)]
    await connection.copy_records_to_table(
        "promise", columns=PROMISE_COLUMNS, records=map(promise_record, promises)
    )
    await connection.copy_records_to_table(
        "unit_call",
        columns=CALL_COLUMNS,
        records=[_call(t, maker.unit()) for t in tickets if t.whistle_id],
    )
    lines = [line for ticket in tickets for line in _lines(ticket)]
    await connection.copy_records_to_table(
        "timeline", columns=LINE_COLUMNS, records=map(line_record, lines)
    )


def _sealed(made: Made, vault: Vault) -> tuple[Any, ...]:
    ticket = made.ticket
    sealed = vault.seal_person(ticket.ticket_id, Person(name="赵小明", phone=made.phone))
    index = vault.phone_index(made.phone)
    return ticket.ticket_id, sealed.key_id, sealed.data, index, ticket.registered_at


def _promises(ticket: Ticket) -> Iterator[Promise]:
    state = PromiseState.MET if ticket.has_ended else PromiseState.RUNNING
    for kind, days in ((DeadlineKind.DISPATCH, 0.1), (DeadlineKind.CITIZEN, 5)):
        yield Promise(
            ticket_id=ticket.ticket_id,
            owner_id=ticket.ticket_id,
            kind=kind,
            round=1,
            due=Due(
                by=ticket.registered_at + timedelta(days=days),
                rule="5WD",
                started_at=ticket.registered_at,
                calendar="cn-1.11.0",
                policy="p",
                provisional=False,
            ),
            state=PromiseState.MET if kind is DeadlineKind.DISPATCH else state,
        )


def _call(ticket: Ticket, unit: str) -> tuple[UUID, UUID, UUID | None, str, str, str]:
    state = "done" if ticket.has_ended else "working"
    return ticket.ticket_id, new_id(ticket.registered_at), ticket.whistle_id, unit, "lead", state


def _lines(ticket: Ticket) -> Iterator[Line]:
    for minutes, what, zh in (
        (0, "registered", "诉求已登记（12345热线）"),
        (20, "dispatched", "已派单"),
    ):
        yield Line(
            ticket_id=ticket.ticket_id,
            at=ticket.registered_at + timedelta(minutes=minutes),
            who="受理员",
            what=what,
            zh=zh,
        )
