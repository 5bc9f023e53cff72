"""The clerks of the city: whom dispatchers find, how reviewers rule, what a restart keeps."""

import csv
from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import httpx
import pytest

from deploy.city.calls import Clerk, Line, RefusedError
from deploy.city.dispatchers import Directory, decide, read_guide
from deploy.city.reviewers import Asked, Desk, asked_for, ruling
from shared.catalogue.load import load_catalogue
from shared.contracts.parts import Actor, AssignmentState, Role
from shared.contracts.reports import ReturnReason
from shared.contracts.values import Due, Relation
from shared.contracts.whistles import ReturnRequested
from tests.unit.city.conftest import NOW, WHISTLE_ID

CATALOGUE = load_catalogue()
ASKED = Asked(
    path="rulings",
    whistle_id=str(WHISTLE_ID),
    unit="BH-CGJ",
    suggested_unit="C-SZZ",
    leads=True,
    adjudicate=False,
)


def directory() -> Directory:
    with (Path(__file__).parents[3] / "shared/catalogue/data/bureaus.csv").open() as file:
        rows = list(csv.DictReader(file))
    return Directory(
        {
            "code": row["code"],
            "region": row["region_code"] or None,
            "function_codes": row["function_codes"].split(";"),
        }
        for row in rows
    )


def held(text: str, *, region: str | None = "159902001001", **more: Any) -> dict[str, Any]:
    place = {"region": region}
    item: dict[str, Any] = {
        "title": "",
        "summary": text,
        "place": place,
        "category": None,
        "candidates": [],
    }
    return item | more


def test_the_guide_names_categories_and_functions_that_exist() -> None:
    functions = {f for unit in CATALOGUE.units.values() for f in unit.function_codes}
    for hint in read_guide():
        assert hint.category in CATALOGUE.categories
        assert hint.function in functions
        assert all(hint.words)


def test_the_best_candidate_is_taken() -> None:
    candidates = [{"unit": "U-TX1"}, {"unit": "U-TX2"}]
    body = decide(held("手机没信号", category="2602", candidates=candidates), directory())
    assert body == {"lead": "U-TX1", "assisting": []}


@pytest.mark.parametrize(
    ("text", "region", "lead", "category"),
    [
        ("家里暖气不热", "159903001002", "U-GR2", "0701"),
        ("家里暖气不热", "159902001001", "U-GR1", "0701"),
        ("门口路灯不亮", "159921101001", "CG-SZZ", "0201"),
        ("门口路灯不亮", "159902001001", "C-SZZ", "0201"),
        ("孩子入学怎么办", "159902", "BH-JYJ", "1801"),
        ("孩子入学怎么办", None, "C-JYJ", "1801"),
    ],
)
def test_without_candidates_the_text_is_read(
    text: str, region: str | None, lead: str, category: str
) -> None:
    body = decide(held(text, region=region), directory())
    assert body == {"lead": lead, "assisting": [], "category": category}


def test_what_is_in_no_guide_goes_to_the_centre() -> None:
    body = decide(held("说不清楚"), directory())
    assert body == {"lead": "BH-RXZX", "assisting": []}
    assert decide(held("说不清楚"), Directory([])) is None


def test_every_text_of_the_guide_finds_a_lawful_lead() -> None:
    for region in ("159902001001", "159903002001", "159921101001"):
        for hint in read_guide():
            body = decide(held(hint.words[0], region=region), directory())
            assert body is not None
            category = body.get("category")
            assert category is None or CATALOGUE.may_lead(category, body["lead"])


def test_reviewers_grant_some_returns_and_refuse_what_nobody_could_take() -> None:
    decisions = Counter(ruling(ASKED, Random(n))["decision"] for n in range(300))
    assert decisions["returned"] > 150
    assert decisions["refused"] > 50
    granted = next(r for n in range(9) if (r := ruling(ASKED, Random(n)))["decision"] == "returned")
    assert granted["new_unit"] == "C-SZZ"
    nobody = replace(ASKED, suggested_unit=None)
    assert {ruling(nobody, Random(n))["decision"] for n in range(50)} == {"refused"}


def test_a_return_is_heard_and_kept_over_a_restart(tmp_path: Path) -> None:
    fact = ReturnRequested(
        seq=2,
        actor=Actor(role=Role.DEPARTMENT),
        whistle_id=WHISTLE_ID,
        ticket_ids=(UUID(int=1),),
        assignment_id=UUID(int=2),
        unit="BH-CGJ",
        relation=Relation.LEAD,
        state=AssignmentState.RETURN_REQUESTED,
        received_at=NOW,
        reason=ReturnReason.NOT_DUTY,
        clause="三定规定",
        rule_by=Due(by=NOW, rule="4wh", started_at=NOW, calendar="c", policy="p"),
        suggested_unit="C-SZZ",
    )
    asked = asked_for(fact)
    assert asked == ASKED
    desk = Desk(tmp_path / "city" / "reviews.json")
    desk.put(asked)
    desk.keep()
    again = Desk(tmp_path / "city" / "reviews.json")
    assert list(again.tray.values()) == [ASKED]
    again.done(asked)
    assert Desk(tmp_path / "city" / "reviews.json").tray == {}
    assert asked_for(object()) is None


async def test_a_service_that_is_away_is_waited_for_and_a_refusal_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("deploy.city.calls.FIRST_WAIT", 0.001)
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if len(seen) == 1:
            raise httpx.ConnectError("nobody there")
        if len(seen) == 2:
            return httpx.Response(503)
        return httpx.Response(201, json={"ok": True}) if len(seen) == 3 else httpx.Response(422)

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        line = Line(client, "http://intake", Clerk(role="operator", name="一号"), "s" * 40)
        assert await line.post("/x", {"a": 1}, key="k") == {"ok": True}
        with pytest.raises(RefusedError) as refused:
            await line.get("/y")
    assert refused.value.status == 422
    assert {request.headers.get("idempotency-key") for request in seen[:3]} == {"k"}
    assert all(request.headers["authorization"].startswith("Bearer ") for request in seen)
