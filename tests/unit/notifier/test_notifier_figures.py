"""The rules of the figures: bounds, shares, clocks, bases, lists, the morning's day."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain.figures import brief
from services.notifier.domain.figures.derive import derive, derive_alone
from services.notifier.domain.figures.figure import Counts, Figure, measures
from services.notifier.domain.figures.ranking import (
    Subjects,
    quarter_before,
    quarter_days,
    ranked,
)
from services.notifier.domain.figures.table import FIGURE_ZH, Tongue, cell, csv_table
from services.notifier.domain.figures.ticket import Ticket, fold_ruling, fold_ticket
from services.notifier.domain.figures.whistle import Part, Whistle, fold_whistle
from services.notifier.domain.figures.wilson import wilson
from shared.contracts import figures, rulings, tickets, whistles
from shared.contracts.figures import ExclusionReason
from tests.support.slow_figures import bounds
from tests.unit.notifier import samples
from tests.unit.notifier.samples import ACTOR, HOUR, PART, TICKET, WHISTLE, local

START = local("2026-09-10 09:00")


@pytest.mark.parametrize(
    ("share", "n", "low", "high"),
    [  # by hand; of all and of none the formula is n / (n + z²) and z² / (n + z²)
        (Fraction(9, 10), 10, "0.595844", "0.982124"),
        (Fraction(1), 5, "0.565509", "1.000000"),
        (Fraction(0), 30, "0.000000", "0.113517"),
    ],
)
def test_wilsons_bounds(share, n, low, high):
    assert tuple(map(str, wilson(share, n))) == (low, high)


@given(st.integers(0, 2000), st.integers(1, 2000))
def test_bounds_hold_the_share_and_equal_another_computation(top, n):
    share = Fraction(min(top, n), n)
    low, high = wilson(share, n)
    assert 0 <= low <= share + Fraction(1, 10**6)
    assert share - Fraction(1, 10**6) <= high <= 1
    assert (str(low), str(high)) == bounds(share, n)


def test_there_is_no_share_of_nothing():
    with pytest.raises(ValueError):
        wilson(Fraction(1, 2), 0)


def test_three_rates_and_parts_of_one():
    counts = Counts(
        respond_kept=9,
        respond_n=10,
        respond_of=12,
        rounds=10,
        answered=8,
        solved=4,
        partly=2,
        satisfied=3,
        basically=1,
        unsatisfied=1,
    )
    found = measures(counts)
    assert found[Figure.RESOLUTION].value == Fraction(5, 8)
    assert found[Figure.SATISFACTION].value == Fraction(38, 50)
    wanted = Fraction(3, 10) * Fraction(9, 10) + Fraction(35, 100) * (
        Fraction(5, 8) + Fraction(38, 50)
    )
    assert found[Figure.THREE_RATES].value == wanted
    assert found[Figure.THREE_RATES].n == 5
    assert found[Figure.RESPONSE].coverage == Decimal("0.833333")
    assert (
        measures(replace(counts, satisfied=0, basically=0, unsatisfied=0))[Figure.THREE_RATES].value
        is None
    )


def test_a_bureau_has_no_score_of_four_whistles():
    few = Counts(marked=4, mark_points=4 * 90 * 1000, mark_weight=40)
    assert measures(few)[Figure.BUREAU_SCORE].value is None
    five = replace(few, marked=5, mark_points=5 * 90 * 1000, mark_weight=50)
    assert measures(five)[Figure.BUREAU_SCORE].value == 90


def whistle(*facts, **more) -> Whistle:
    found = Whistle(whistle_id=WHISTLE)
    fold_whistle(found, samples.blown(START, **more), START)
    for fact in facts:
        fold_whistle(found, fact, fact.received_at if hasattr(fact, "received_at") else START)
    return found


def derived(found: Whistle) -> tuple[Ticket, Part]:
    ticket = Ticket(ticket_id=TICKET)
    fold_ticket(ticket, samples.registered(START), START)
    derive(ticket, [found])
    return ticket, found.parts[PART]


def test_response_needs_both_clocks_and_an_absent_one_is_left_out():
    acknowledged, contacted = samples.acknowledged(START + HOUR), samples.contacted(START + HOUR)
    _, part = derived(whistle(acknowledged))
    assert (part.respond_kept, part.respond_fails) == (None, part.contact_by)
    assert derived(whistle(acknowledged, contacted))[1].respond_kept is True
    late = samples.contacted(START + timedelta(days=9))
    assert derived(whistle(acknowledged, late))[1].respond_kept is False
    alone = (samples.an_assignment(START, contact=False),)
    assert derived(whistle(acknowledged, assignments=alone))[1].respond_kept is True


def test_a_unit_that_was_rightly_returned_is_measured_by_no_clock():
    fields = samples.part(START + HOUR)
    returned = rulings.UnitReturned(**fields, ruled_by=ACTOR, reason="非职责")
    ticket, part = derived(whistle(returned))
    assert (part.acknowledge_kept, part.acknowledge_fails) == (None, None)
    assert ticket.first_stood is False


def test_a_paused_clock_fails_nowhere_and_one_let_go_neither():
    paused = rulings.Suspended(
        **samples.part(START + HOUR),
        reason="冻土期",
        review_by=samples.due_of("30d", START),
    )
    _, part = derived(whistle(paused))
    assert (part.resolve_kept, part.resolve_fails) == (None, None)


def test_who_is_in_the_base():
    found = whistle()
    assert derived(found)[0].counted
    ticket, _ = derived(found)
    ruled = figures.Excluded(
        seq=1,
        actor=ACTOR,
        ticket_id=TICKET,
        exclusion_id=UUID(int=1),
        reason=ExclusionReason.MALICIOUS,
        words="恶意诉求",
    )
    fold_ruling(ticket, ruled)
    derive(ticket, [found])
    assert (ticket.counted, ticket.excluded) == (False, "malicious")
    fold_ruling(
        ticket,
        figures.ExclusionEnded(
            seq=2,
            actor=ACTOR,
            ticket_id=TICKET,
            exclusion_id=UUID(int=1),
            reason=ExclusionReason.MALICIOUS,
            words="复核属实",
        ),
    )
    fold_ruling(ticket, ruled)  # told again, late
    derive(ticket, [found])
    assert ticket.counted
    for ex_officio in (True, False):
        fact = tickets.Withdrawn(seq=9, actor=ACTOR, ticket_id=TICKET, ex_officio=ex_officio)
        fold_ticket(ticket, fact, START)
        derive(ticket, [found])
        assert ticket.counted is ex_officio
    alone = whistle(ticket_ids=())
    derive_alone(alone)
    assert alone.ticket_id is None
    assert alone.counted


def test_day_is_the_local_day_of_dispatch():
    night = local("2026-09-30 23:59")
    found = Whistle(whistle_id=WHISTLE)
    fold_whistle(found, samples.blown(night), night)
    assert derived(found)[0].day == date(2026, 9, 30)
    assert derived(whistle())[0].day == date(2026, 9, 10)


def test_ranks_go_by_the_lower_bound_and_need_n():
    def of(tickets: int, kept: int) -> Counts:
        return Counts(
            leads=tickets,
            tickets=tickets,
            respond_kept=kept,
            respond_n=tickets,
            answered=tickets,
            rounds=tickets,
            concluded=tickets,
            solved=kept,
            satisfied=kept,
            unsatisfied=tickets - kept,
            resolve_n=tickets,
            resolve_kept=kept,
        )

    rows = [("A", "甲", of(30, 30)), ("B", "乙", of(3000, 2970)), ("C", "丙", of(29, 29))]
    found = ranked(Subjects.UNITS, rows, {"B": 3, "A": 1})
    assert [(each.subject, each.rank, each.change) for each in found] == [
        ("B", 1, 2),
        ("A", 2, -1),
        ("C", None, None),
    ]
    assert ranked(Subjects.COMPOUNDS, rows[2:], {})[0].rank == 1
    assert found[0].parts["street_checks"].value is None
    same = ranked(Subjects.UNITS, [("D", "丁", of(40, 30)), ("E", "戊", of(40, 30))], {})
    assert [each.rank for each in same] == [1, 1]


def test_quarters():
    assert quarter_days("2026Q4") == (date(2026, 10, 1), date(2026, 12, 31))
    assert quarter_days("2026Q1") == (date(2026, 1, 1), date(2026, 3, 31))
    assert quarter_before("2026Q1") == "2025Q4"
    with pytest.raises(ValueError):
        quarter_days("2026Q5")


def test_the_day_of_the_morning_page():
    at = datetime(2026, 10, 9, 23, 59, tzinfo=UTC)  # 07:59 on the 10th
    assert brief.day_due(at) == date(2026, 10, 8)
    assert brief.next_due(at) == at + timedelta(minutes=1)
    assert brief.day_due(at + timedelta(minutes=1)) == date(2026, 10, 9)
    assert brief.next_due(at + timedelta(minutes=1)) == at + timedelta(days=1, minutes=1)


def test_a_cell_says_n_and_coverage_and_computes_nothing():
    counts = Counts(respond_kept=9, respond_n=10, respond_of=20, tickets=1)
    found = measures(counts)
    assert cell(Figure.RESPONSE, found[Figure.RESPONSE], Tongue.ZH) == "90.00%（n=10，覆盖50.00%）"
    assert cell(Figure.RESOLUTION, found[Figure.RESOLUTION], Tongue.EN) == "— (n=0)"
    text = csv_table([("=1+1", "@x", 1, {"merged": 2}, found)], tuple(Figure), Tongue.ZH)
    assert text.startswith("\ufeff分组,")
    assert text.splitlines()[1].startswith("'=1+1,'@x,1,2：已并单 2,90.00%")
    assert set(FIGURE_ZH) == set(Figure)


def test_a_part_that_was_never_offered_is_kept_all_the_same():
    found = Whistle(whistle_id=WHISTLE)
    fold_whistle(found, samples.acknowledged(START), START)
    assert found.parts[PART].acknowledged_at == START
    assert isinstance(samples.acknowledged(START), whistles.Acknowledged)
