"""The duty list by its rules: faults of a row, rows that overlap, what a draft would change."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.router.domain.duty.dry_run import Totals, compared, day_of, under
from services.router.domain.duty.overlap import at_once
from services.router.domain.duty.rows import (
    DutyRow,
    Edits,
    Ending,
    RowWords,
    changes,
    digest,
    edited,
    in_place_of,
    written,
)
from services.router.domain.duty.version import DutyVersion, Tried, VersionState
from services.router.domain.matter import Ticket, TicketState
from shared.calendar import SHANGHAI
from shared.catalogue.duties import Duty, DutyIndex, parse_condition
from shared.catalogue.regions import RegionLevel, level_of
from shared.contracts.ids import new_id
from shared.contracts.parts import Actor, Place, Role
from shared.errors import ConflictError, ForbiddenError, InvalidError
from shared.runtime.history import FIRST_HASH
from tests.unit.router.samples import COMMUNITY, MONDAY, STREET, city, registered

DAY = date(2026, 9, 14)


def duty(**changes: Any) -> Duty:
    plain = Duty(
        subject="0101",
        region=COMMUNITY,
        condition=None,
        unit="C-CGJ",
        clause="《方案》第三条",
        valid_from=DAY,
        valid_to=None,
    )
    text = changes.pop("condition", "")
    return replace(plain, condition=parse_condition(text), **changes)


def words(**changes: Any) -> RowWords:
    plain = RowWords(
        subject="0101", region=COMMUNITY, unit="C-CGJ", clause="《方案》第三条", valid_from=DAY
    )
    return replace(plain, **changes)


def row(n: int, **changes: Any) -> DutyRow:
    return DutyRow(duty_id=UUID(int=n), duty=duty(**changes))


def ids() -> Iterator[UUID]:
    return iter(UUID(int=1000 + n) for n in range(100))


def fields(error: InvalidError) -> list[str]:
    assert all(each.zh and each.en for each in error.errors)
    return [each.field for each in error.errors]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"unit": "NOBODY"}, "add.0.unit"),
        ({"unit": STREET}, "add.0.unit"),  # decision 5: 0101 is a bureau's
        ({"subject": "CGJ", "unit": STREET}, "add.0.unit"),
        ({"subject": "9999"}, "add.0.subject"),
        ({"subject": "NOPE"}, "add.0.subject"),
        ({"region": "159999"}, "add.0.region"),
        ({"region": "15990200"}, "add.0.region"),
        ({"condition": "at night"}, "add.0.condition"),
        ({"valid_to": DAY - timedelta(days=1)}, "add.0.valid_to"),
    ],
)
def test_every_fault_is_named_by_row_and_field(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidError) as refused:
        edited((), Edits(add=(words(**wrong),)), city(), ids())
    assert fields(refused.value) == [field]


def test_a_row_for_a_grid_or_for_all_that_a_function_leads_is_right() -> None:
    grid = words(region=f"{COMMUNITY}001")
    whole = words(subject="CGJ", region="159902")
    assert len(edited((), Edits(add=(grid, whole)), city(), ids())) == 2


def test_rows_that_are_not_there_or_named_twice_are_told() -> None:
    edits = Edits(
        change=(words(duty_id=UUID(int=1)), words(duty_id=UUID(int=1)), words()),
        end=(Ending(duty_id=UUID(int=9), valid_to=DAY),),
        remove=(UUID(int=8),),
    )
    with pytest.raises(InvalidError) as refused:
        edited((row(1),), edits, city(), ids())
    assert {
        "change.1.duty_id",
        "change.2.duty_id",
        "end.0.duty_id",
        "remove.0",
    } <= set(fields(refused.value))


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        ({}, {"unit": "BH-CGJ"}, True),
        ({}, {"region": "159902001"}, False),  # the finer one goes before
        ({}, {"condition": "hours=22:00-06:00"}, False),
        ({"valid_to": DAY}, {"valid_from": DAY + timedelta(days=1)}, False),
        ({"valid_to": DAY}, {"valid_from": DAY}, True),
        ({"condition": "hours=22:00-06:00"}, {"condition": "hours=05:00-08:00"}, True),
        ({"condition": "hours=22:00-06:00"}, {"condition": "hours=06:00-22:00"}, False),
        ({"condition": "season=10-15..04-15"}, {"condition": "season=04-15..05-01"}, True),
        ({"condition": "season=10-15..04-15"}, {"condition": "season=04-16..10-14"}, False),
        ({"condition": "season=10-15..04-15"}, {"condition": "hours=22:00-06:00"}, True),
    ],
)
def test_equal_rows_may_not_hold_at_once(
    one: dict[str, Any], other: dict[str, Any], meet: bool
) -> None:
    assert at_once(duty(**one), duty(**other)) is meet
    assert at_once(duty(**other), duty(**one)) is meet


def test_an_overlap_is_told_on_the_row_that_makes_it() -> None:
    with pytest.raises(InvalidError) as refused:
        edited((row(1),), Edits(add=(words(unit="BH-CGJ"),)), city(), ids())
    assert fields(refused.value) == ["add.0.region"]
    ended = Edits(
        add=(words(unit="BH-CGJ", valid_from=DAY + timedelta(days=1)),),
        end=(Ending(duty_id=UUID(int=1), valid_to=DAY),),
    )
    assert len(edited((row(1),), ended, city(), ids())) == 2


def test_a_taken_proposal_ends_the_row_it_replaces_on_the_eve() -> None:
    old = row(1, valid_from=DAY - timedelta(days=90))
    same_day = row(2, subject="0102")
    rows = in_place_of((old, same_day), row(3, unit="BH-CGJ"))
    assert {r.duty_id.int: r.duty.valid_to for r in rows} == {
        1: DAY - timedelta(days=1),
        2: None,
        3: None,
    }
    assert [r.duty_id.int for r in in_place_of((row(1),), row(3, unit="BH-CGJ"))] == [3]


def test_a_written_list_keeps_the_ids_of_what_it_says_again() -> None:
    before = (row(1), row(2, subject="0102"))
    after = written([words(), words(subject="0102", clause="另一条")], before, city(), ids())
    told = changes(before, after)
    assert [r.duty_id.int for r in after] == [1, 1000]
    assert [r.duty_id.int for r in told.added] == [1000]
    assert [r.duty_id.int for r in told.removed] == [2]
    kept = written(
        [words(subject="0102", clause="另一条", duty_id=UUID(int=2))], before, city(), ids()
    )
    assert [(old.duty.clause, new.duty.clause) for old, new in changes(before, kept).changed] == [
        ("《方案》第三条", "另一条")
    ]
    assert digest(before) == digest(tuple(reversed(before)))
    assert digest(before) != digest(after)


def version(**changes: Any) -> DutyVersion:
    plain = DutyVersion(
        version=2,
        state=VersionState.DRAFT,
        based_on=1,
        note="试",
        drafted_by="张工",
        drafted_at=MONDAY,
        editors=("张工",),
        edits=3,
        seq=4,
        history_hash=FIRST_HASH,
        tried=Tried(at=MONDAY, by="张工", edits=3, examined=10, changed=1),
    )
    return replace(plain, **changes)


def test_who_had_a_hand_in_a_draft_does_not_publish_it() -> None:
    lead = Actor(role=Role.SUPERVISOR, name="李主任")
    done = version().published(lead, "", MONDAY)
    assert (done.state, done.published_by, done.note) == (VersionState.PUBLISHED, "李主任", "试")
    with pytest.raises(ForbiddenError):
        version(editors=("张工", "李主任")).published(lead, "", MONDAY)
    with pytest.raises(ForbiddenError):
        version().published(Actor(role=Role.SUPERVISOR), "", MONDAY)
    for untried in (version(tried=None), version(edits=4)):
        with pytest.raises(ConflictError) as refused:
            untried.published(lead, "", MONDAY)
        assert refused.value.code == "not_tried"
    with pytest.raises(ConflictError):
        version(state=VersionState.DISCARDED).published(lead, "", MONDAY)
    with pytest.raises(ConflictError):
        version().edited("张工", seen=2)


def ticket(n: int, *, at: datetime = MONDAY, region: str = COMMUNITY, **fields: Any) -> Ticket:
    told = registered(ticket_id=new_id(at), number=f"{n}", place=Place(region=region), **fields)
    return Ticket(
        ticket_id=told.ticket_id,
        state=TicketState.CLOSED,
        round=1,
        registered_at=at,
        registered=told,
    )


def test_a_dry_run_tells_which_past_tickets_would_go_elsewhere() -> None:
    here = city()
    night = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)  # 23:30 in Shanghai
    new = [
        row(1, valid_from=DAY + timedelta(days=30)),
        row(2, subject="0102", condition="hours=22:00-06:00", valid_from=DAY),
    ]
    told = changes((), new)
    day = day_of(told, MONDAY)
    assert day == DAY + timedelta(days=30), "when the last new row has come into force"
    before = here.catalogue.duties
    published = under(here, before, day, 1)
    draft = under(here, [*before, *(r.duty for r in new)], day, 2)
    past = [
        ticket(1, at=MONDAY - timedelta(days=200)),
        ticket(2, region="159902001002"),
        ticket(3, category="0102", at=night),
        ticket(4, category="0102"),
        ticket(5, category=None),
    ]
    totals = Totals()
    found = {c.number: c for c in compared(past, published, draft, totals)}
    assert set(found) == {"1", "3"}
    assert (found["1"].old.lead, found["1"].new.lead) == ("BH-CGJ", "C-CGJ")
    assert any(line.startswith("9:duty") and line.endswith("@v2") for line in found["1"].new.trace)
    assert (totals.examined, totals.changed, totals.only_others) == (5, 2, 0)
    assert dict(totals.by_category) == {"0101": 1, "0102": 1}
    assert dict(totals.gained) == {"C-CGJ": 2}
    assert dict(totals.lost) == dict(Counter(c.old.lead for c in found.values()))


def _plain(duties: list[Duty], subjects: tuple[str, str], region: str, at: datetime) -> Duty | None:
    """The rule as it reads, row by row: category, finest region, condition, later beginning."""
    local = at.astimezone(SHANGHAI)
    level = list(RegionLevel)
    holding = [d for d in duties if d.subject in subjects and d.holds(region, local)]
    return max(
        holding,
        key=lambda d: (
            d.subject == subjects[0],
            level.index(level_of(d.region)),
            d.condition is not None,
            d.valid_from,
        ),
        default=None,
    )


def test_the_index_finds_what_looking_at_every_row_finds() -> None:
    chance = random.Random(7)
    regions = ["159900", "159902", "159902001", COMMUNITY, f"{COMMUNITY}003", "159903"]
    conditions = ["", "hours=22:00-06:00", "season=10-15..04-15", "hours=08:00-20:00"]
    for _ in range(60):
        duties = [
            duty(
                subject=chance.choice(["0101", "CGJ", "0102"]),
                region=chance.choice(regions),
                condition=chance.choice(conditions),
                valid_from=DAY + timedelta(days=chance.randint(-400, 40)),
                valid_to=chance.choice([None, DAY + timedelta(days=chance.randint(41, 90))]),
            )
            for _ in range(30)
        ]
        index = DutyIndex(duties)
        for _ in range(10):
            region, at = (
                chance.choice(regions[1:]),
                MONDAY + timedelta(hours=chance.randint(0, 900)),
            )
            subjects = ("0101", "CGJ")
            assert index.find(subjects, region, at) == _plain(duties, subjects, region, at)
