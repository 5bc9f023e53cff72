"""Units that are removed: what may be, and who goes on with their running work."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.router.domain.assignment import Assignment
from services.router.domain.matter import Content
from services.router.domain.outcome import Outcome
from services.router.domain.units.handing_up import hand_up
from services.router.domain.units.known import KnownUnit, Removal, removed
from services.router.domain.whistle import Whistle
from services.router.seed import with_units
from shared.contracts import joint, reports, rulings
from shared.contracts.parts import AssignmentState
from shared.contracts.values import Relation
from shared.errors import ConflictError
from shared.runtime.history import FIRST_HASH
from tests.unit.router.samples import (
    BY_CITY,
    MONDAY,
    STREET,
    assisting,
    blown,
    city,
    counted,
    informed,
    lead,
    matter,
    promises,
    said,
)

S = AssignmentState
COMMUNITY_UNIT, BUREAU, ABOVE = "Q-159902001001", "BH-CGJ", "BH-GOV"
LATER = MONDAY + timedelta(days=1)


def units(*gone: str) -> dict[str, KnownUnit]:
    """The city's units, some of them removed."""
    return {
        code: KnownUnit(
            unit=unit,
            active=code not in gone,
            reachable=True,
            seq=1,
            history_hash=FIRST_HASH,
            removed_at=MONDAY if code in gone else None,
            removed_why="机构改革" if code in gone else None,
        )
        for code, unit in city().catalogue.units.items()
    }


def handed_up(whistle: Whistle, *gone: str) -> Outcome | None:
    known = units(*gone)
    here = replace(city(), catalogue=with_units(city().catalogue, known.values()))
    after = promises(LATER)
    after.city = here
    content = Content(blown_by=BY_CITY, trace=("5:category 0101→CGJ",))
    return hand_up(whistle, known, matter=matter(), content=content, promises=after)


def parts(outcome: Outcome | None) -> dict[str, Assignment]:
    assert outcome is not None
    return {part.unit: part for part in outcome.whistle.assignments if not part.gone}


def test_the_lead_goes_to_the_parent_with_the_reason_and_the_time_that_is_left() -> None:
    whistle = counted(said(blown(), reports.Acknowledged))
    outcome = handed_up(whistle, BUREAU)
    new = parts(outcome)[ABOVE]
    assert (new.relation, new.state) == (Relation.LEAD, S.OFFERED)
    assert new.dues.resolve == whistle.assignments[0].dues.resolve
    assert new.dues.acknowledge is not None
    assert new.dues.acknowledge.started_at == LATER
    assert outcome is not None
    released, offered = (step.fact for step in outcome.steps)
    assert isinstance(released, joint.Released)
    assert "机构改革" in (released.reason or "")
    assert isinstance(offered, rulings.UnitOffered)
    assert (offered.in_place_of, offered.ruled_by) == (BUREAU, None)
    told = {unit for step in outcome.steps for unit, _ in step.views}
    assert told == {BUREAU, ABOVE, "BH-SCJ", STREET}
    assert outcome.whistle.seq == whistle.seq + 2


def test_a_parent_that_assists_gives_that_part_up_to_lead() -> None:
    outcome = handed_up(blown(lead(), assisting(ABOVE)), BUREAU)
    assert {unit: part.relation for unit, part in parts(outcome).items()} == {ABOVE: Relation.LEAD}


def test_an_assisting_units_work_is_its_parents_only_where_that_has_no_part() -> None:
    outcome = handed_up(blown(lead(), assisting("BH-SCJ")), "BH-SCJ")
    assert parts(outcome)[ABOVE].relation is Relation.ASSISTING
    outcome = handed_up(blown(lead(ABOVE), assisting("BH-SCJ")), "BH-SCJ")
    assert set(parts(outcome)) == {ABOVE}
    outcome = handed_up(blown(lead(), informed(COMMUNITY_UNIT), informed()), COMMUNITY_UNIT)
    assert set(parts(outcome)) == {BUREAU, STREET}


def test_who_may_not_lead_is_passed_over() -> None:
    """Decision 5: what a bureau below a street led goes past the street."""
    below = units(BUREAU)
    moved = replace(below[BUREAU], unit=replace(below[BUREAU].unit, parent=STREET))
    here = with_units(city().catalogue, below.values())
    after = promises(LATER)
    after.city = replace(city(), catalogue=here)
    outcome = hand_up(
        blown(lead()),
        {**below, BUREAU: moved},
        matter=matter(),
        content=Content(blown_by=BY_CITY),
        promises=after,
    )
    (heir,) = parts(outcome)
    assert heir not in {STREET, BUREAU}
    assert here.may_lead("0101", heir)


def test_what_is_done_stays_whose_it_was() -> None:
    resolved = counted(said(counted(said(blown(lead()), reports.Acknowledged)), reports.Resolved))
    done = replace(
        resolved,
        assignments=tuple(replace(p, state=S.DONE, done_at=MONDAY) for p in resolved.assignments),
    )
    assert handed_up(done, BUREAU) is None
    assert handed_up(blown(), "BH-ZJJ") is None


def test_a_unit_with_others_below_it_and_one_that_has_gone_stay() -> None:
    known = units("BH-SCJ")
    for code, why in ((ABOVE, "has_children"), ("BH-SCJ", "removed")):
        with pytest.raises(ConflictError) as refused:
            removed(known[code], known, Removal(reason="机构改革"), MONDAY)
        assert refused.value.code == why
    with pytest.raises(ConflictError):
        removed(known["C-GOV"], {"C-GOV": known["C-GOV"]}, Removal(reason="机构改革"), MONDAY)
    gone: Any = removed(known[BUREAU], known, Removal(reason="机构改革"), MONDAY)
    assert (gone.active, gone.removed_why, gone.may_be_whistled) == (False, "机构改革", False)
