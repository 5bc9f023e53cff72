"""The promises of each assignment: DOMAIN §4 and §5 as the router applies them."""

from datetime import timedelta

import pytest

from services.router.domain.dues import Dues, Terms
from shared.catalogue.limits import moment_of, parse_rule
from shared.contracts.values import Due, Relation, TicketType, Urgency, WhistleKind
from tests.unit.router.samples import MONDAY, city, promises

DEMAND = WhistleKind.CITIZEN_DEMAND


def terms(
    kind: WhistleKind = DEMAND,
    urgency: Urgency = Urgency.NORMAL,
    type_: TicketType = TicketType.COMPLAIN,
    **more: object,
) -> Terms:
    return Terms(kind=kind, urgency=urgency, type=type_, **more)  # type: ignore[arg-type]


def rules(dues: Dues) -> tuple[str | None, ...]:
    all_ = (dues.acknowledge, dues.deemed, dues.contact, dues.arrive, dues.resolve)
    return tuple(due.rule if due else None for due in all_)


@pytest.mark.parametrize(
    ("what", "relation", "wanted"),
    [
        (terms(), "lead", ("4wh", "4wh*2", "1WD", None, "5WD")),
        (terms(), "assisting", ("4wh", "4wh*2", None, None, "5WD*0.8")),
        (terms(), "informed", (None, None, None, None, None)),
        (terms(type_=TicketType.HELP), "lead", ("4wh", "4wh*2", "1WD", None, "3WD")),
        (terms(type_=TicketType.SUGGEST), "lead", ("4wh", "4wh*2", "1WD", None, "10WD")),
        (terms(hard_case=True), "lead", ("4wh", "4wh*2", "1WD", None, "15WD")),
        (terms(contactable=False), "lead", ("4wh", "4wh*2", None, None, "5WD")),
        (terms(urgency=Urgency.URGENT), "lead", ("30m", "30m*2", "1h", "4h", "24h")),
        (terms(urgency=Urgency.URGENT), "assisting", ("30m", "30m*2", None, "4h", "24h*0.8")),
        (terms(urgency=Urgency.CRITICAL), "lead", ("15m", "15m*2", "30m", "30m", "24h")),
        (terms(round=2), "lead", ("4wh", "4wh*2", "1WD", None, "5WD*0.5")),
        (terms(round=2), "assisting", ("4wh", "4wh*2", None, None, "5WD*0.4")),
        (terms(round=3, urgency=Urgency.URGENT), "lead", ("30m", "30m*2", "1h", "4h", "24h*0.5")),
        (terms(WhistleKind.EMERGENCY), "lead", ("5m", "5m*2", None, "30m", None)),
        (terms(WhistleKind.EMERGENCY, region="159921101"), "lead",
         ("5m", "5m*2", None, "120m", None)),
        (terms(WhistleKind.JOINT_ENFORCEMENT), "assisting", ("1h", "1h*2", "24h", "3WD", None)),
        (terms(WhistleKind.KEY_WORK), "lead", ("1h", "1h*2", "24h", "5WD", None)),
    ],
)  # fmt: skip
def test_the_limits_of_a_part(what: Terms, relation: str, wanted: tuple[str | None, ...]) -> None:
    assert rules(promises().of(what, Relation(relation))) == wanted


def test_every_clock_starts_when_the_unit_is_called() -> None:
    dues = promises().of(terms(urgency=Urgency.URGENT), Relation.LEAD)
    every = [dues.acknowledge, dues.deemed, dues.contact, dues.arrive, dues.resolve]
    assert all(due is not None and due.started_at == MONDAY for due in every)
    assert all(due is not None and due.policy == city().limits.version for due in every)


def test_deemed_is_twice_the_acknowledge_limit() -> None:
    dues = promises().of(terms(urgency=Urgency.URGENT), Relation.LEAD)
    assert dues.deemed is not None
    assert dues.deemed.by == MONDAY + timedelta(minutes=60)


def test_the_duty_office_beside_a_lead_need_not_come() -> None:
    urgent = terms(urgency=Urgency.URGENT)
    dues = promises().of(urgent, Relation.ASSISTING, coordinating=True)
    assert dues.arrive is None
    assert dues.acknowledge is not None


def replayed(due: Due) -> bool:
    return moment_of(parse_rule(due.rule), due.started_at, city().calendar).at == due.by


def test_a_muster_sets_the_time_to_be_there_and_can_be_computed_again() -> None:
    at = MONDAY + timedelta(hours=30, minutes=7, seconds=13)
    dues = promises().of(terms(WhistleKind.JOINT_ENFORCEMENT, muster_at=at), Relation.LEAD)
    assert dues.arrive is not None
    assert dues.arrive.by == at
    assert timedelta() <= MONDAY - dues.arrive.started_at < timedelta(minutes=1)
    assert replayed(dues.arrive)


def test_an_extension_is_counted_from_where_the_limit_ends() -> None:
    made = promises()
    resolve = made.of(terms(), Relation.LEAD).resolve
    assert resolve is not None
    longer = made.extended(resolve, parse_rule("3WD"))
    assert longer.rule == "5WD+3WD"
    assert longer.started_at == resolve.started_at
    assert longer.by == city().due(parse_rule("3WD"), resolve.by).by
    assert replayed(longer)


def test_an_adjudicated_unit_gets_what_is_left_but_at_least_half() -> None:
    early, late = promises(), promises(MONDAY + timedelta(days=6))
    left = early.of(terms(), Relation.LEAD).resolve
    full = late.of(terms(), Relation.LEAD).resolve
    assert left is not None
    assert full is not None
    half = late.taken_over(left, full)
    assert half is not None
    assert half.rule == "5WD*0.5"
    assert half.by > left.by
    assert early.taken_over(left, left) is left
    assert late.taken_over(None, full) is full


def test_equal_promises_of_a_batch_are_computed_once() -> None:
    made = promises()
    assert made.of(terms(), Relation.LEAD) is made.of(terms(), Relation.LEAD)
    assert made.due(parse_rule("4wh")) is made.due(parse_rule("4wh"))
