"""The rights of a city, from the topics table and the units: exact, and no two units' cross."""

from itertools import combinations

import pytest

from deploy.city import department
from deploy.local.kafka_requests import Acl, ScramUser
from deploy.local.rights_table import (
    CITY_GROUP,
    GROUP,
    LITERAL,
    PREFIXED,
    READ,
    SERVICES,
    TOPIC,
    WRITE,
    compared,
    touches,
    user_of,
    wanted,
    words,
)
from shared.catalogue.load import load_catalogue

UNITS = tuple(load_catalogue().units)


def _said(user: str, *units: str, prefix: str = "") -> set[str]:
    return {words(acl) for acl in wanted(units, prefix).of(user)}


def test_a_department_has_four_rights() -> None:
    assert _said("bureau.BH-CGJ", "BH-CGJ", "C-SZZ") == {
        "bureau.BH-CGJ read topic bureau.BH-CGJ.whistles",
        "bureau.BH-CGJ read topic bureau.BH-CGJ.notices",
        "bureau.BH-CGJ write topic bureau.BH-CGJ.reports",
        "bureau.BH-CGJ read group bureau.BH-CGJ.*",
    }


def test_a_service_writes_what_it_produces_and_reads_what_it_consumes() -> None:
    assert SERVICES == ("intake", "notifier", "router")
    assert _said("notifier", "A") == {
        "notifier read topic tickets",
        "notifier read topic whistles",
        "notifier read topic ratings",
        "notifier read topic units",
        "notifier write topic deadlines",
        "notifier write topic bureau.A.notices",
        "notifier read group notifier",
        "notifier read group notifier.*",
    }


def test_a_prefix_stands_before_every_name() -> None:
    for acl in wanted(UNITS, "s1.", city=True).rights:
        assert acl.name.startswith("s1.")
        assert acl.principal.startswith("User:s1.")


def test_no_name_of_one_unit_begins_another_units_names() -> None:
    # a right by prefix would reach over: units are named BH-CGJ and perhaps BH-CGJ2
    rights = wanted((*UNITS, *(f"{unit}2" for unit in UNITS))).rights
    by_prefix = [acl for acl in rights if acl.pattern == PREFIXED]
    assert all(acl.kind == GROUP and acl.name.endswith(".") for acl in by_prefix)
    assert not any(a.name.startswith(b.name) for a, b in combinations(by_prefix, 2))


@pytest.mark.parametrize("code", ["A.B", "", "A*", "A B"])
def test_a_code_that_would_reach_into_another_units_names_is_refused(code: str) -> None:
    with pytest.raises(ValueError, match="letters, digits"):
        wanted(["A", code])


def test_the_city_has_the_group_that_it_uses() -> None:
    assert department.GROUP == CITY_GROUP


def test_what_is_missing_is_granted_and_what_is_too_much_taken() -> None:
    ought = wanted(["A", "B"])
    users = {ScramUser(name, 2) for name in ought.users}
    assert not compared(ought, users, ought.rights)

    too_much = Acl(TOPIC, "tickets", LITERAL, "User:bureau.A", "*", READ, 3)
    foreign = Acl(TOPIC, "tickets", LITERAL, "User:backup", "*", READ, 3)
    lost = next(iter(ought.of("bureau.B")))
    gone = [ScramUser("bureau.GONE", 2), ScramUser("bureau.GONE", 1)]
    changes = compared(
        ought,
        {*users - {ScramUser("bureau.B", 2)}, *gone, ScramUser("backup", 2)},
        {*ought.rights - {lost}, too_much, foreign},
    )
    assert changes.made == ("bureau.B",)
    assert set(changes.dropped) == set(gone)  # by whichever mechanism it could sign in
    assert changes.granted == (lost,)
    assert changes.revoked == (too_much,)
    assert "- bureau.A read topic tickets" in list(changes.lines())


def test_the_services_may_still_use_the_topics_of_a_unit_that_left() -> None:
    ought = wanted(["A"], kept=["B"])
    assert user_of("B") not in ought.users
    assert not ought.of("bureau.B")
    router = {words(acl) for acl in ought.of("router")}
    assert {
        "router write topic bureau.B.whistles",
        "router read topic bureau.B.reports",
    } <= router


def test_a_right_of_others_touches_ours_by_name_by_prefix_or_by_star() -> None:
    def right(name: str, pattern: int = LITERAL) -> Acl:
        return Acl(TOPIC, name, pattern, "User:x", "*", WRITE, 3)

    assert touches(right("*"), "tickets")
    assert touches(right("tick", PREFIXED), "tickets")
    assert touches(right("bureau.A.reports"), "bureau.")
    assert not touches(right("tick"), "tickets")
    assert not touches(right("other.", PREFIXED), "tickets")
