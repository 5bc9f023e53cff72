"""Due times that move by themselves: years that became known, outages."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.calendar import SHANGHAI, WorkCalendar, YearDays
from shared.catalogue.limits import due
from shared.catalogue.moving import (
    MOVES,
    Outage,
    Owner,
    after_outage,
    move_past,
    move_to_known_year,
    of_known_year,
)
from shared.contracts.parts import DeadlineKind

PACKAGE = WorkCalendar()
# As it might be announced: New Year's Day to the third, a Saturday worked after it.
KNOWN = WorkCalendar(
    announced=(
        YearDays(
            year=2027,
            holidays=(date(2027, 1, 1), date(2027, 1, 4)),
            workdays=(date(2027, 1, 9),),
        ),
    )
)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def an_outage(from_: str, to: str) -> Outage:
    return Outage(outage_id=UUID(int=1), from_at=local(from_), to_at=local(to), reason="断电")


def test_a_provisional_due_is_worked_out_again() -> None:
    before = due("5WD", local("2026-12-28 10:00"), PACKAGE, policy="p")
    assert (before.by, before.provisional) == (local("2027-01-05 17:30"), True)
    after = of_known_year(before, KNOWN)
    assert after is not None
    assert (after.by, after.provisional) == (local("2027-01-06 17:30"), False)
    assert after.calendar == KNOWN.version
    assert after.started_at == before.started_at


def test_what_is_certain_or_still_unknown_stays() -> None:
    certain = due("5WD", local("2026-09-18 16:00"), PACKAGE, policy="p")
    assert of_known_year(certain, KNOWN) is None
    unknown = due("5WD", local("2027-12-28 10:00"), KNOWN, policy="p")
    assert unknown.provisional
    assert of_known_year(unknown, KNOWN) is None


def test_natural_time_moves_by_the_whole_outage() -> None:
    before = due("24h", local("2026-09-12 22:00"), PACKAGE, policy="p")
    after = after_outage(before, an_outage("2026-09-13 20:00", "2026-09-13 23:30"), PACKAGE)
    assert after is not None
    assert after.by == local("2026-09-14 01:30")
    assert due(after.rule, after.started_at, PACKAGE, policy="p") == after


def test_working_time_moves_by_the_working_time_in_it() -> None:
    before = due("4wh", local("2026-09-14 10:00"), PACKAGE, policy="p")  # 14:00
    after = after_outage(before, an_outage("2026-09-14 13:00", "2026-09-14 23:00"), PACKAGE)
    assert after is not None
    assert after.by == local("2026-09-15 09:30")  # 4.5 of its hours were worked


@pytest.mark.parametrize(
    ("from_", "to"),
    [
        ("2026-09-14 14:01", "2026-09-14 15:00"),  # after it was due
        ("2026-09-14 08:00", "2026-09-14 13:59"),  # before it was due
    ],
)
def test_what_is_due_outside_stays(from_: str, to: str) -> None:
    before = due("4wh", local("2026-09-14 10:00"), PACKAGE, policy="p")
    assert after_outage(before, an_outage(from_, to), PACKAGE) is None


def test_an_outage_at_night_moves_no_working_time() -> None:
    before = due("1WD", local("2026-09-14 10:00"), PACKAGE, policy="p")  # 09-15 17:30
    assert after_outage(before, an_outage("2026-09-15 17:30", "2026-09-16 02:00"), PACKAGE) is None


@given(
    started=st.datetimes(datetime(2026, 3, 1), datetime(2026, 9, 1)),  # noqa: DTZ001
    rule=st.sampled_from(["4wh", "5WD", "24h", "30m", "5WD*0.8", "2wh+5WD"]),
    hours=st.integers(1, 96),
    share=st.floats(0, 1),
)
def test_it_moves_later_by_its_length_and_can_be_computed_again(
    started: datetime, rule: str, hours: int, share: float
) -> None:
    before = due(rule, started.replace(tzinfo=SHANGHAI), PACKAGE, policy="p")
    from_at = before.by - timedelta(hours=hours) * share
    outage = Outage(
        outage_id=UUID(int=1), from_at=from_at, to_at=from_at + timedelta(hours=hours), reason="x"
    )
    after = after_outage(before, outage, PACKAGE)
    worked = PACKAGE.working_seconds_between(outage.from_at, outage.to_at)
    working = rule[-1] not in "hm" or rule.endswith("wh")
    if working and worked <= 0:
        assert after is None
        return
    assert after is not None
    assert due(after.rule, after.started_at, PACKAGE, policy="p") == after
    moved = after.by - before.by
    if working:
        gained = PACKAGE.working_seconds_between(before.by, after.by)
        assert abs(gained - worked) <= 1
    else:
        assert abs(moved - timedelta(hours=hours)) <= timedelta(seconds=1)


STAY_IN_AN_OUTAGE = {DeadlineKind.CITIZEN, DeadlineKind.TAKEOVER}
OWNED = {
    Owner.INTAKE: {"dispatch", "callback", "callback_start", "citizen"},
    Owner.NOTIFIER: {"supervision"},
}


def test_of_every_kind_of_promise_it_is_decided_whose_it_is_and_what_moves_it() -> None:
    """A new kind has its row, and its owner moves it: each owner has such a test of its own."""
    assert set(MOVES) == set(DeadlineKind)
    for owner, kinds in OWNED.items():
        assert {kind for kind, moves in MOVES.items() if moves.owner is owner} == kinds


@pytest.mark.parametrize("kind", DeadlineKind)
def test_each_kind_moves_or_stays(kind: DeadlineKind) -> None:
    guess = due("5WD", local("2026-12-28 10:00"), PACKAGE, policy="p")
    known = move_to_known_year(KNOWN)(kind, guess)
    if kind is DeadlineKind.TAKEOVER:
        assert known is None
    else:
        assert known == of_known_year(guess, KNOWN)
        assert known is not None
    before = due("24h", local("2026-09-12 22:00"), PACKAGE, policy="p")
    outage = an_outage("2026-09-13 20:00", "2026-09-13 23:30")
    later = move_past(outage, PACKAGE)(kind, before)
    if kind in STAY_IN_AN_OUTAGE:
        assert later is None
    else:
        assert later is not None
        assert later.by == before.by + timedelta(hours=3.5)
