"""Limits: how they are written, what they come to, and the values of the file."""

import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.calendar import SHANGHAI, WorkCalendar
from shared.catalogue.ladder import rung_at
from shared.catalogue.limits import LimitError, Rule, RuleUnit, due, moment_of, parse_rule
from shared.catalogue.load_limits import DATA, load_time_limits, read_time_limits
from shared.catalogue.terms import OneTapTaker, ReviewKind, Term
from shared.contracts.values import Due, TicketType, Urgency, WhistleKind

CALENDAR = WorkCalendar()
LIMITS = load_time_limits()
CRITICAL, URGENT, NORMAL = Urgency


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def due_of(rule: str | Rule, start: str) -> Due:
    return due(rule, local(start), CALENDAR, policy=LIMITS.version)


@pytest.mark.parametrize(
    ("text", "unit", "amount", "share"),
    [
        ("15m", RuleUnit.NATURAL, 900, 1),
        ("24h", RuleUnit.NATURAL, 86400, 1),
        ("30d", RuleUnit.NATURAL, 30 * 86400, 1),
        ("0m", RuleUnit.NATURAL, 0, 1),
        ("4wh", RuleUnit.WORKING_HOUR, 4 * 3600, 1),
        ("5WD", RuleUnit.WORKING_DAY, 5, 1),
        ("5WD*0.8", RuleUnit.WORKING_DAY, 5, 0.8),
    ],
)
def test_a_limit_reads_as_written(text: str, unit: RuleUnit, amount: int, share: float) -> None:
    rule = parse_rule(text)
    assert (rule.unit, rule.amount, rule.share, str(rule)) == (unit, amount, share, text)
    assert rule.working is (unit is not RuleUnit.NATURAL)


@pytest.mark.parametrize(
    "text",
    ["", "5", "wh", "5wd", "5 WD", "-1h", "0WD", "0h", "1.5h", "5WD*0", "5WD*", "2wh+", "+1h"],
)
def test_what_is_no_limit_is_refused(text: str) -> None:
    with pytest.raises(LimitError, match="is not a limit"):
        parse_rule(text)


@pytest.mark.parametrize(
    ("rule", "start", "by"),
    [
        ("15m", "2026-09-19 03:00", "2026-09-19 03:15"),
        ("24h", "2026-09-30 20:00", "2026-10-01 20:00"),
        ("24h*0.8", "2026-09-30 20:00", "2026-10-01 15:12"),
        ("4wh", "2026-09-21 15:00", "2026-09-22 10:00"),
        ("4wh*0.8", "2026-09-21 08:30", "2026-09-21 11:42"),
        ("5WD", "2026-09-18 16:00", "2026-09-24 17:30"),
        # 1.5 h of day 0 and five days of 9 h are 46.5 h; 80 % are 37.2 h of working time.
        ("5WD*0.8", "2026-09-18 16:00", "2026-09-23 17:12"),
        ("2wh+5WD", "2026-09-18 16:00", "2026-09-28 17:30"),  # dispatched on Sunday 09-20, worked
        ("2wh+5WD", "2026-09-18 10:00", "2026-09-24 17:30"),
        ("5m+24h", "2026-09-18 23:58", "2026-09-20 00:03"),
    ],
)
def test_when_a_limit_ends(rule: str, start: str, by: str) -> None:
    assert due_of(rule, start).by == local(by)


def test_a_due_time_can_be_computed_again_from_what_it_carries() -> None:
    promise = due_of("5WD", "2026-12-28 10:00")
    assert promise == Due(
        by=local("2027-01-05 17:30"),
        rule="5WD",
        started_at=local("2026-12-28 10:00"),
        calendar=CALENDAR.version,
        policy=LIMITS.version,
        provisional=True,
    )
    assert promise.by.tzinfo is UTC
    assert promise.started_at.tzinfo is UTC
    # The year becomes known, with two working days less: the same promise, recomputed.
    known = WorkCalendar(extra_holidays=frozenset({date(2027, 1, 4), date(2027, 1, 5)}))
    later = due(promise.rule, promise.started_at, known, policy=promise.policy)
    assert later.by == local("2027-01-07 17:30")
    assert later.calendar != promise.calendar


def test_a_sum_is_provisional_when_either_part_is() -> None:
    assert due_of("2wh+1h", "2026-12-31 17:00").provisional
    assert due_of("1h+1WD", "2026-12-31 17:00").provisional
    assert not due_of("1h+24h", "2026-12-31 17:00").provisional


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 6, 1)),  # noqa: DTZ001
    st.sets(st.dates(date(2026, 1, 1), date(2027, 12, 31)), max_size=10),
    st.sampled_from(["4wh", "5WD", "5WD*0.8", "3WD*0.5", "2wh+5WD", "24h", "5WD*0.4"]),
)
def test_a_holiday_more_never_makes_a_promise_earlier(
    start: datetime, holidays: set[date], rule: str
) -> None:
    calendar = WorkCalendar(extra_holidays=frozenset(holidays))
    at = start.replace(tzinfo=SHANGHAI)
    assert (
        moment_of(parse_rule(rule), at, CALENDAR).at <= moment_of(parse_rule(rule), at, calendar).at
    )


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 6, 1)))  # noqa: DTZ001
def test_assisting_and_rework_are_never_longer_than_the_lead(start: datetime) -> None:
    at = start.replace(tzinfo=SHANGHAI)
    for urgency in Urgency:
        for ticket_type in TicketType:
            lead = LIMITS.resolve(urgency, ticket_type)
            rework = LIMITS.rework(lead, 2)
            ends = [
                moment_of(rule, at, CALENDAR).at
                for rule in (LIMITS.assisting(rework), rework, lead)
            ]
            assert ends == sorted(ends)
            assert moment_of(LIMITS.assisting(lead), at, CALENDAR).at <= ends[2]


def test_the_table_of_urgencies() -> None:
    rows = {
        urgency: [
            str(each)
            for each in (
                LIMITS.dispatch(urgency),
                LIMITS.acknowledge(urgency),
                LIMITS.contact(urgency),
                LIMITS.arrive(urgency),
                LIMITS.ruling(urgency),
                LIMITS.deemed_acknowledge(urgency),
            )
        ]
        for urgency in Urgency
    }
    assert rows == {
        CRITICAL: ["5m", "15m", "30m", "30m", "30m", "15m*2"],
        URGENT: ["15m", "30m", "1h", "4h", "2h", "30m*2"],
        NORMAL: ["2wh", "4wh", "1WD", "None", "4wh", "4wh*2"],
    }


def test_resolve_by_type_and_the_citizens_clock() -> None:
    normal = [str(LIMITS.resolve(NORMAL, each)) for each in TicketType]
    assert normal == ["1WD", "3WD", "10WD", "5WD", "5WD", "1WD"]
    assert {str(LIMITS.resolve(u, t)) for u in (CRITICAL, URGENT) for t in TicketType} == {"24h"}
    assert str(LIMITS.resolve(NORMAL, TicketType.HELP, hard_case=True)) == "15WD"
    assert str(LIMITS.resolve(CRITICAL, TicketType.HELP, hard_case=True)) == "24h"
    assert str(LIMITS.citizen(NORMAL, TicketType.COMPLAIN)) == "2wh+5WD"
    assert LIMITS.citizen(NORMAL, TicketType.COMPLAIN) == parse_rule("2wh+5WD")


@pytest.mark.parametrize(
    ("first", "reworked", "assisting"),
    [
        ("24h", "24h*0.5", "24h*0.4"),
        ("6h", "4h", "4h*0.8"),  # at least 4 h
        ("2h", "2h", "2h*0.8"),  # but never more than the first time
        ("15WD", "15WD*0.5", "15WD*0.4"),
        ("3WD", "3WD*0.5", "3WD*0.4"),
        ("2WD", "1WD", "1WD*0.8"),  # at least a working day
        ("1WD", "1WD", "1WD*0.8"),
    ],
)
def test_rework_has_half_the_time(first: str, reworked: str, assisting: str) -> None:
    rule = parse_rule(first)
    assert LIMITS.rework(rule, 1) == rule
    assert str(LIMITS.rework(rule, 2)) == str(LIMITS.rework(rule, 3)) == reworked
    assert str(LIMITS.assisting(LIMITS.rework(rule, 2))) == assisting


def test_whistles_reviews_callbacks_and_taps() -> None:
    emergency = LIMITS.whistle(WhistleKind.EMERGENCY)
    assert [str(emergency.acknowledge), emergency.contact] == ["5m", None]
    assert [str(emergency.arrive), str(emergency.arrive_banner)] == ["30m", "120m"]
    for kind, arrive in ((WhistleKind.JOINT_ENFORCEMENT, "3WD"), (WhistleKind.KEY_WORK, "5WD")):
        limits = LIMITS.whistle(kind)
        assert [str(limits.acknowledge), str(limits.contact), str(limits.arrive)] == [
            "1h",
            "24h",
            arrive,
        ]
    with pytest.raises(LimitError, match="go by its urgency"):
        LIMITS.whistle(WhistleKind.CITIZEN_DEMAND)
    assert [str(LIMITS.review(kind)) for kind in ReviewKind] == ["4wh", "4wh", "1WD", "1WD"]
    assert [str(LIMITS.callback_start()), str(LIMITS.callback_end())] == ["1WD", "3WD"]
    taps = {taker: LIMITS.one_tap(taker) for taker in OneTapTaker}
    assert [str(tap.accept) for tap in taps.values()] == ["2h", "30m", "10m"]
    assert [str(tap.done) for tap in taps.values()] == ["24h", "24h", "None"]
    assert str(LIMITS.term(Term.TAKE_OVER)) == "30m"


def test_extensions() -> None:
    assert LIMITS.extension(CRITICAL).steps == ()
    assert [(str(s.up_to), s.by) for s in LIMITS.extension(URGENT).steps] == [("24h", "supervisor")]
    assert [(str(s.up_to), s.by) for s in LIMITS.extension(NORMAL).steps] == [
        ("5WD", "reviewer"),
        ("15WD", "supervisor"),
    ]
    assert str(LIMITS.extension(NORMAL).total) == "15WD"


@pytest.mark.parametrize(
    ("rule", "start", "yellow", "red"),
    [
        ("24h", "2026-09-19 00:00", "2026-09-19 12:00", "2026-09-19 19:12"),
        ("4wh", "2026-09-21 08:30", "2026-09-21 10:30", "2026-09-21 11:42"),
        ("1WD", "2026-09-21 08:30", "2026-09-21 17:30", "2026-09-22 13:54"),  # of 18 h
        ("5WD", "2026-09-18 16:00", "2026-09-22 17:30", "2026-09-23 17:30"),
        ("2wh+5WD", "2026-09-18 10:00", "2026-09-22 17:30", "2026-09-23 17:30"),
    ],
)
def test_warnings(rule: str, start: str, yellow: str, red: str) -> None:
    promise = due_of(rule, start)
    warnings = LIMITS.warnings(promise.rule)
    assert [warning.name for warning in warnings] == ["yellow", "red"]
    assert [rung_at(each, promise, CALENDAR) for each in warnings] == [local(yellow), local(red)]


@pytest.mark.parametrize(
    ("urgency", "rule", "rungs"),
    [
        (
            NORMAL,
            "5WD",
            ["09-24 17:30", "09-28 17:30", "09-30 17:30", "10-09 17:30", "10-12 17:30"],
        ),
        (
            URGENT,
            "24h",
            ["09-19 16:00", "09-19 17:00", "09-19 20:00", "09-20 04:00", "09-20 16:00"],
        ),
        (
            CRITICAL,
            "15m",
            ["09-18 16:15", "09-18 16:30", "09-18 16:45", "09-18 17:15", "09-18 18:15"],
        ),
    ],
)
def test_the_ladder_from_the_due_time_on(urgency: Urgency, rule: str, rungs: list[str]) -> None:
    promise = due_of(rule, "2026-09-18 16:00")
    ladder = LIMITS.ladder(urgency)
    assert [rung.level for rung in ladder] == [1, 2, 3, 4, 5]
    assert [rung_at(each, promise, CALENDAR) for each in ladder] == [
        local(f"2026-{text}") for text in rungs
    ]
    assert [rung.from_round for rung in ladder] == [None, None, 2, 3, None]
    assert [rung.group_matter for rung in ladder] == [False, False, False, True, False]
    assert LIMITS.climbing == {"acknowledge", "resolve"}


def test_a_warning_never_comes_before_the_promise() -> None:
    # A holiday shift can leave less than 48 h between start and due only for short limits; a
    # shortened long one must not warn before it began.
    promise = due_of("5WD*0.45", "2026-09-21 08:30")
    early = Due(
        by=promise.started_at + timedelta(hours=30),
        rule=promise.rule,
        started_at=promise.started_at,
        calendar=promise.calendar,
        policy=promise.policy,
    )
    assert rung_at(LIMITS.warnings(early.rule)[0], early, CALENDAR) == early.started_at


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('dispatch = "5m"', 'dispatch = "5min"', "urgency: critical: dispatch is wrong: '5min'"),
        ('dispatch = "5m"\n', "", "urgency: critical: dispatch is missing"),
        ('dispatch = "5m"', 'despatch = "5m"\ndispatch = "5m"', "critical: despatch is not known"),
        ('praise = "1WD"\n', "", "urgency: normal: resolve: praise is missing"),
        ("assisting_share = 0.8", 'assisting_share = "x"', "assisting_share must be a float"),
        ('critical = ["0m", ', "critical = [", "critical has 4 offsets for 5 rungs"),
        ("elapsed = 0.5, audience", "audience", "warning: short: name needs one of"),
        ('climbing = ["acknowledge", "resolve"]', "climbing = [1]", "climbing must be a list of"),
        ("[warning]", "[warning", "Expected"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = (DATA / "time_limits.toml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "time_limits.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(LimitError) as error:
        load_time_limits(path)
    assert message in str(error.value)
    assert str(error.value).startswith("time_limits.toml: ")


def test_the_file_reads_the_same_twice() -> None:
    table = tomllib.loads((DATA / "time_limits.toml").read_text(encoding="utf-8"))
    assert read_time_limits(table) == LIMITS
    assert table["version"] == LIMITS.version
