"""The real city, and whistles of it at the stages that the router's tests begin from."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from services.router.app import city_of_files
from services.router.domain import calling
from services.router.domain.book import Book
from services.router.domain.calling import SYSTEM, Call
from services.router.domain.case import NO_PRECEDENT, Grounds, Precedent
from services.router.domain.city import City
from services.router.domain.dues import Promises
from services.router.domain.matter import Content, Matter
from services.router.domain.outcome import Outcome
from services.router.domain.reports.judgement import Refused, judge
from services.router.domain.routing.answer import Summons
from services.router.domain.whistle import Whistle
from shared.contracts import reports, tickets
from shared.contracts.ids import new_id
from shared.contracts.parts import (
    Actor,
    BlownBy,
    Handler,
    Place,
    Result,
    Role,
    SuspensionCode,
)
from shared.contracts.reports import FactsTrue
from shared.contracts.values import Channel, Due, Relation, TicketType, Urgency, WhistleKind

MONDAY = datetime(2026, 9, 14, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai, a working day
NIGHT = datetime(2026, 9, 14, 15, 0, tzinfo=UTC)  # 23:00 in Shanghai
COMMUNITY = "159902001001"  # 滨河区河湾街道河湾社区
STREET = "S-159902001"
TICKET = UUID("01990000-0000-7000-8000-000000000001")
HANDLER = Handler(name="王工", post="科员")
BY_CITY = BlownBy(unit="C-RXZX", level="city")


@cache
def city() -> City:
    """The city of the catalogue's files; read once a run."""
    return city_of_files()


def promises(now: datetime = MONDAY) -> Promises:
    return Promises(city(), now)


def matter(**changes: Any) -> Matter:
    """A street pedlar in the way: CGJ leads, SCJ assists, the street is there as well."""
    plain = Matter(
        title="占道经营",
        summary="河湾路早市占道，行人无法通行。",
        place=Place(region=COMMUNITY, address="河湾路"),
        urgency=Urgency.NORMAL,
        category="0101",
        type=TicketType.COMPLAIN,
    )
    return replace(plain, **changes)


def registered(**changes: Any) -> tickets.Registered:
    due = Due(by=MONDAY, rule="2wh", started_at=MONDAY, calendar="cn", policy="p")
    plain = tickets.Registered(
        seq=1,
        actor=Actor(role=Role.OPERATOR),
        ticket_id=TICKET,
        number="15992026091400000018",
        channel=Channel.HOTLINE,
        type=TicketType.COMPLAIN,
        urgency=Urgency.NORMAL,
        title="占道经营",
        summary="河湾路早市占道，行人无法通行。",
        place=Place(region=COMMUNITY, address="河湾路"),
        dispatch_by=due,
        citizen_by=due,
        category="0101",
    )
    return replace(plain, **changes)


def lead(unit: str = "BH-CGJ") -> Summons:
    return Summons(unit=unit, relation=Relation.LEAD)


def assisting(unit: str = "BH-SCJ") -> Summons:
    return Summons(unit=unit, relation=Relation.ASSISTING)


def informed(unit: str = STREET) -> Summons:
    return Summons(unit=unit, relation=Relation.INFORMED)


def blown(
    *summonses: Summons,
    about: Matter | None = None,
    kind: WhistleKind = WhistleKind.CITIZEN_DEMAND,
    now: datetime = MONDAY,
    round: int = 1,
    actor: Actor = SYSTEM,
    ticket_id: UUID | None = TICKET,
    provisional: bool = False,
) -> Whistle:
    """A whistle just blown to these units; a lead and an assisting one by default."""
    about = about or matter()
    held = calling.new_whistle(
        new_id(now),
        number="S1599202609140000011",
        kind=kind,
        matter=about,
        round=round,
        ticket_ids=(ticket_id,) if ticket_id else (),
        demand_ticket=ticket_id if kind is WhistleKind.CITIZEN_DEMAND else None,
    )
    call = Call(actor=actor, blown_by=BY_CITY, trace=("test",), provisional=provisional)
    called = summonses or (lead(), assisting(), informed())
    return calling.blow(held, about, called, call, promises=promises(now)).whistle


def report(kind: type[reports.Report], whistle: Whistle, **data: Any) -> reports.Report:
    """A report of that kind, complete where nothing else is said."""
    filled = {"at": MONDAY, **_FILLED.get(kind, {}), **data}
    return kind(whistle_id=whistle.whistle_id, handler=HANDLER, **filled)


_FILLED: dict[type[reports.Report], dict[str, Any]] = {
    reports.Contacted: {"how": reports.ContactMeans.PHONE},
    reports.Arrived: {"mode": reports.ArrivalMode.ON_SITE},
    reports.Progressed: {"text": "已派人到现场"},
    reports.ReturnRequested: {
        "reason": reports.ReturnReason.NOT_DUTY,
        "clause": "《云川市城市管理条例》第十二条",
    },
    reports.ExtensionRequested: {"amount": 3, "unit": "WD", "reason": "等待材料"},
    reports.SuspensionRequested: {
        "code": SuspensionCode.FUNDS,
        "reason": "资金未到位",
        "plan": "列入明年计划",
    },
    reports.Departed: {"eta_minutes": 20},
    reports.HandedOver: {"to": Handler(name="李科", post="市容科")},
    reports.Disputed: {"reason": "权责清单第三条写明由住建部门负责"},
    reports.AssistingRequested: {"unit": "BH-ZJJ", "task": "核实产权"},
    reports.ReleaseRequested: {"unit": "BH-SCJ", "reason": "已无需协办"},
    reports.Resolved: {
        "result": Result.SOLVED,
        "facts_true": FactsTrue.YES,
        "measures": "已清理",
        "public_reply": "已清理完毕。",
        "contacted_how": reports.ContactMeans.PHONE,
    },
}


def said(
    whistle: Whistle | None,
    kind: type[reports.Report],
    *,
    by: str = "BH-CGJ",
    after: timedelta = timedelta(minutes=10),
    precedent: Precedent = NO_PRECEDENT,
    grounds: Grounds | None = None,
    **data: Any,
) -> Outcome | Refused:
    """What becomes of a unit's report some time after Monday morning."""
    about = whistle or blown()
    now = MONDAY + after
    return judge(
        whistle,
        report(kind, about, **data),
        unit=by,
        actor=Actor(role=Role.DEPARTMENT, unit=by, name=HANDLER.name),
        report_id="r-1",
        received_at=now,
        promises=promises(now),
        grounds=grounds
        or Grounds(precedent=precedent, matter=matter(), content=Content(blown_by=BY_CITY)),
    )


def counted(answer: Outcome | Refused) -> Whistle:
    """The whistle after a report that counts."""
    assert isinstance(answer, Outcome), answer
    return answer.whistle


def refused(answer: Outcome | Refused) -> Refused:
    """The refusal of a report that does not count."""
    assert isinstance(answer, Refused), answer
    assert answer.zh
    assert answer.en
    return answer


def book(now: datetime = MONDAY, numbers: int = 20) -> Book:
    """An empty book with numbers for whistles."""
    empty = Book(promises(now))
    empty.has_numbers(range(1, numbers + 1))
    return empty
