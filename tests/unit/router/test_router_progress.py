"""When a unit reports on its progress next: only where its work goes on for longer than that."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.catalogue.limits import parse_rule
from shared.catalogue.terms import Term
from tests.unit.router.samples import MONDAY, promises

RULES = ("24h", "1WD", "3WD", "5WD", "5WD*0.8", "10WD", "15WD", "5WD+5WD", "4wh", "44wh*0.7", "30d")


def test_work_without_a_limit_is_reported_on():
    found = promises().progress(None, MONDAY)
    assert found is not None
    assert (found.rule, found.started_at) == ("5WD", MONDAY)


def test_work_that_is_to_end_before_is_not():
    for rule in ("24h", "1WD", "3WD", "5WD", "5WD*0.8"):
        due = promises().due(parse_rule(rule))
        assert promises().progress(due, MONDAY + timedelta(hours=3)) is None, rule


def test_work_that_goes_on_is_reported_on_meanwhile_and_after_its_limit():
    due = promises().due(parse_rule("10WD"))
    found = promises().progress(due, MONDAY + timedelta(hours=3))
    assert found is not None
    assert found.by < due.by
    late = promises().progress(due, due.by)
    assert late is not None
    assert late.started_at == due.by


@given(
    rule=st.sampled_from(RULES),
    days=st.integers(0, 400),
    hours=st.integers(0, 600),
    after=st.integers(0, 900),
)
def test_what_is_seen_without_the_calendar_is_what_the_calendar_says(rule, days, hours, after):
    """The first two answers are short cuts: the plain rule is that the sooner limit holds."""
    starts: datetime = MONDAY - timedelta(days=200) + timedelta(days=days, hours=hours)
    made = promises(starts)
    resolve, at = made.due(parse_rule(rule)), starts + timedelta(hours=after)
    plain = made.due(made.city.limits.term(Term.PROGRESS), at)
    wanted = plain if resolve.by <= at or plain.by < resolve.by else None
    assert made.progress(resolve, at) == wanted
