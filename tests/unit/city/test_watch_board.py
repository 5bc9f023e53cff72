"""What `shaodao watch` makes of the facts: stages, promises, late marks, totals, words."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from rich.console import Console

from deploy.cli.watch_board import ENDED, MOST_MATTERS, Board, Stage
from deploy.cli.watch_screen import countdown, fact_text, screen, totals_text
from deploy.cli.watch_words import Names, line_of, span_zh
from shared.catalogue.load import load_catalogue
from shared.contracts import deadlines, rulings, tickets, whistles
from shared.contracts.parts import (
    Actor,
    Assignment,
    AssignmentState,
    BlownBy,
    DeadlineKind,
    DueChange,
    Handler,
    Place,
    Result,
    Role,
)
from shared.contracts.reports import FactsTrue
from shared.contracts.tickets import CallbackResult, Satisfaction
from shared.contracts.values import Channel, Due, Relation, TicketType, Urgency, WhistleKind

NOW = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
TICKET = UUID(int=1)
WHISTLE = UUID(int=2)
LEAD, ASSISTING = UUID(int=10), UUID(int=11)
SYSTEM = Actor(role=Role.SYSTEM)


def due(hours: float) -> Due:
    by = NOW + timedelta(hours=hours)
    return Due(by=by, rule="1h", started_at=NOW, calendar="c", policy="p")


def registered(ticket_id: UUID = TICKET) -> tickets.Registered:
    return tickets.Registered(
        seq=1,
        actor=SYSTEM,
        ticket_id=ticket_id,
        number="1599202611230000017",
        channel=Channel.HOTLINE,
        type=TicketType.COMPLAIN,
        urgency=Urgency.URGENT,
        title="井盖缺失",
        summary="…",
        place=Place(region="159902001003", address="柳岸街柳岸人家门口"),
        dispatch_by=due(0.25),
        citizen_by=due(30),
        category="0203",
    )


def part(assignment_id: UUID, unit: str, relation: Relation) -> Assignment:
    return Assignment(
        assignment_id=assignment_id,
        unit=unit,
        relation=relation,
        acknowledge=due(0.5),
        contact=due(1),
        resolve=due(24),
    )


def blown() -> whistles.Blown:
    return whistles.Blown(
        seq=1,
        actor=SYSTEM,
        whistle_id=WHISTLE,
        ticket_ids=(TICKET,),
        number="S1",
        kind=WhistleKind.CITIZEN_DEMAND,
        urgency=Urgency.URGENT,
        title="井盖缺失",
        summary="…",
        place=Place(region="159902001003"),
        blown_by=BlownBy(unit="C-RXZX", level="city"),
        dispatched_by=SYSTEM,
        assignments=(
            part(LEAD, "C-SZZ", Relation.LEAD),
            part(ASSISTING, "U-PS1", Relation.ASSISTING),
        ),
        trace=(),
    )


def of_unit(
    kind: type[whistles.UnitFact], relation: Relation = Relation.LEAD, **more: Any
) -> whistles.UnitFact:
    lead = relation is Relation.LEAD
    return kind(
        seq=2,
        actor=SYSTEM,
        whistle_id=WHISTLE,
        ticket_ids=(TICKET,),
        assignment_id=LEAD if lead else ASSISTING,
        unit="C-SZZ" if lead else "U-PS1",
        relation=relation,
        state=AssignmentState.ACKNOWLEDGED,
        received_at=NOW,
        **more,
    )


def acknowledged() -> whistles.UnitFact:
    return of_unit(whistles.Acknowledged, late=False, handler=Handler(name="王志军"))


def resolved(relation: Relation = Relation.LEAD) -> whistles.UnitFact:
    return of_unit(
        whistles.Resolved,
        relation,
        late=False,
        final=relation is Relation.LEAD,
        review="none",
        result=Result.SOLVED,
        facts_true=FactsTrue.YES,
        public_reply="已更换井盖",
        measures="更换",
    )


def missed(kind: DeadlineKind = DeadlineKind.ACKNOWLEDGE) -> deadlines.Missed:
    return deadlines.Missed(
        seq=1,
        actor=SYSTEM,
        deadline_id=UUID(int=5),
        kind=kind,
        round=1,
        due=due(0.5),
        ticket_id=TICKET,
        whistle_id=WHISTLE,
        unit="C-SZZ",
    )


@pytest.fixture(scope="module")
def names() -> Names:
    return Names(load_catalogue())


def test_a_ticket_goes_through_its_stages_and_keeps_its_next_promise() -> None:
    board = Board()
    board.hear(registered())
    matter = board.matters[TICKET]
    assert matter.next_promise == (DeadlineKind.DISPATCH, due(0.25))
    board.hear(blown())
    assert (matter.stage, matter.lead) == (Stage.WHISTLED, "C-SZZ")
    assert matter.next_promise == (DeadlineKind.ACKNOWLEDGE, due(0.5))
    board.hear(acknowledged())
    assert matter.stage == "已签收"
    assert matter.next_promise == (DeadlineKind.ACKNOWLEDGE, due(0.5))  # the assisting unit's
    board.hear(resolved(Relation.ASSISTING))
    assert matter.next_promise == (DeadlineKind.CONTACT, due(1))
    board.hear(resolved())
    assert matter.stage == "已办结"
    assert matter.next_promise is None
    opened = tickets.CallbackOpened(
        seq=5, actor=SYSTEM, ticket_id=TICKET, whistle_id=WHISTLE, callback_by=due(60)
    )
    board.hear(opened)
    assert matter.next_promise == (DeadlineKind.CALLBACK, due(60))
    board.hear(
        tickets.Closed(
            seq=6,
            actor=SYSTEM,
            ticket_id=TICKET,
            result=CallbackResult.SOLVED,
            satisfaction=Satisfaction.SATISFIED,
        )
    )
    assert matter.stage in ENDED
    assert board.totals == {
        "registered": 1,
        "whistled": 1,
        "acknowledged": 1,
        "resolved": 1,
        "overdue": 0,
        "closed": 1,
    }


def test_a_missed_deadline_marks_the_matter_and_a_correction_takes_it_back(names: Names) -> None:
    board = Board()
    board.hear(registered())
    board.hear(blown())
    board.hear(missed())
    matter = board.matters[TICKET]
    assert matter.late == {DeadlineKind.ACKNOWLEDGE}
    assert board.totals["overdue"] == 1
    shown = countdown(matter, NOW + timedelta(hours=2)).plain
    assert shown.startswith("签收 超时1小时30分")
    assert "‼签收" in shown
    line = line_of(missed(), names)
    assert line is not None
    assert line.bad
    assert "未按时签收" in line.words
    board.hear(
        deadlines.Corrected(
            seq=2,
            actor=SYSTEM,
            deadline_id=UUID(int=5),
            kind=DeadlineKind.ACKNOWLEDGE,
            round=1,
            due=due(0.5),
            ticket_id=TICKET,
            met_at=NOW,
        )
    )
    assert matter.late == set()
    assert board.totals["overdue"] == 0


def test_a_moved_due_time_is_counted_down_to() -> None:
    board = Board()
    board.hear(blown())
    change = DueChange(
        assignment_id=LEAD, unit="C-SZZ", kind=DeadlineKind.ACKNOWLEDGE, due=due(0.1)
    )
    board.hear(
        rulings.DueChanged(
            seq=3,
            actor=SYSTEM,
            whistle_id=WHISTLE,
            ticket_ids=(TICKET,),
            changes=(change,),
            reason="",
        )
    )
    assert board.matters[TICKET].next_promise == (DeadlineKind.ACKNOWLEDGE, due(0.1))


def test_a_whistle_without_ticket_has_its_own_line() -> None:
    board = Board()
    own = replace(blown(), ticket_ids=())
    assert [matter.key for matter in board.hear(own)] == [WHISTLE]
    assert board.matters[WHISTLE].number == "S1"


def test_deadlines_of_tickets_nobody_heard_of_make_no_line() -> None:
    board = Board()
    assert board.hear(missed()) == []
    assert board.totals["overdue"] == 1


@pytest.mark.parametrize("kind", DeadlineKind)
def test_every_kind_of_promise_has_its_words(names: Names, kind: DeadlineKind) -> None:
    line = line_of(missed(kind), names)
    assert line is not None
    assert kind.value not in line.words


def test_the_board_forgets_the_oldest_and_the_ended_first() -> None:
    board = Board()
    for number in range(MOST_MATTERS + 5):
        board.hear(registered(UUID(int=1000 + number)))
    assert len(board.matters) <= MOST_MATTERS
    assert UUID(int=1000 + MOST_MATTERS + 4) in board.matters
    assert UUID(int=1000) not in board.matters


def facts() -> Iterator[Any]:
    yield from (registered(), blown(), acknowledged(), missed(), resolved())


def test_terminal_and_pipe_show_the_same_facts(names: Names) -> None:
    board, lines = Board(), []
    for fact in facts():
        matters = board.hear(fact)
        line = line_of(fact, names)
        assert line is not None
        lines.append(fact_text(matters[0].number, line, at=NOW))
    out = StringIO()
    console = Console(file=out, width=160, force_terminal=True, color_system=None)
    console.print(screen(board, lines, names, now=NOW + timedelta(minutes=10), height=30))
    text = out.getvalue()
    assert "已办结" in text
    assert "市政设施服务中心" in text
    assert "未按时签收" in text
    assert lines[0].plain.startswith("11-23 08:30:00 【登记】11230000017 紧急·投诉·井盖缺失与破损")
    assert "登记 1" in totals_text(board).plain
    whistle = fact_text("S1599202611230000017", line, at=NOW).plain
    assert "】S11230000017 " in whistle, "a ticket may have the same last digits"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (40, "40秒"),
        (720, "12分"),
        (7_500, "2小时05分"),
        (14_400, "4小时"),
        (273_600, "3天4小时"),
        (-60, "1分"),
    ],
)
def test_spans_read_as_people_say_them(seconds: int, words: str) -> None:
    assert span_zh(timedelta(seconds=seconds)) == words
