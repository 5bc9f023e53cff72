"""The clerks of the city: whom dispatchers find, how reviewers and the supervisor decide."""

import csv
from collections import Counter
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from deploy.city.calls import Clerk, Line, RefusedError
from deploy.city.dispatchers import Directory, decide, read_guide
from deploy.city.reviewers import decide as answer
from deploy.city.reviewers import waits
from shared.catalogue.load import load_catalogue
from tests.unit.city.conftest import NOW, WHISTLE_ID

CATALOGUE = load_catalogue()


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


def waiting(kind: str, **changes: Any) -> dict[str, Any]:
    """One thing of the queue, as the router lists it."""
    return {
        "review_id": "r-1",
        "kind": kind,
        "whistle_id": str(WHISTLE_ID),
        "unit": "BH-CGJ",
        "relation": "lead",
        "for_role": "reviewer",
        "due": {"by": NOW.isoformat()},
        "request": {"suggested_unit": "C-SZZ"},
        "likely": None,
        **changes,
    }


def words(item: dict[str, Any], times: int = 300) -> Counter[str]:
    """How often which decision is made."""
    made = [answer(item, Random(n)) for n in range(times)]
    return Counter(each.body.get("decision", each.path) for each in made if each is not None)


def test_reviewers_grant_some_returns_and_refuse_what_nobody_could_take() -> None:
    decisions = words(waiting("return"))
    assert decisions["returned"] > 150
    assert decisions["refused"] > 50
    found = [answer(waiting("return"), Random(n)) for n in range(9)]
    granted = next(each for each in found if each and each.body["decision"] == "returned")
    assert (granted.path, granted.by_supervisor) == ("rulings", False)
    assert granted.body["new_unit"] == "C-SZZ"
    nobody = waiting("return", request={})
    assert set(words(nobody, 50)) == {"refused"}
    known = waiting("return", request={}, likely={"unit": "C-SZZ", "share": 0.9, "n": 9})
    assert words(known)["returned"] > 150


@pytest.mark.parametrize("kind", ["adjudication", "dispute"])
def test_the_last_word_is_the_supervisors(kind: str) -> None:
    found = answer(waiting(kind), Random(1))
    assert found is not None
    assert (found.path, found.by_supervisor) == ("adjudications", True)


@pytest.mark.parametrize(
    ("kind", "decisions"),
    [
        ("extension", {"granted", "refused"}),
        ("suspension", {"granted", "refused"}),
        ("suspension_review", {"granted", "resumptions"}),
        ("resolution", {"passed", "rejected"}),
        ("release", {"released", "refused"}),
    ],
)
def test_everything_that_waits_is_answered(kind: str, decisions: set[str]) -> None:
    assert set(words(waiting(kind))) == decisions
    assert answer(waiting("no_owner"), Random(1)) is None, "the dispatcher's"


def test_a_pause_is_looked_at_when_its_day_is_near() -> None:
    later = waiting("suspension_review", for_role="supervisor")
    assert waits(later, NOW)
    assert not waits(later, NOW - timedelta(days=3))
    assert waits(waiting("return"), NOW - timedelta(days=3))
    assert not waits(waiting("release", for_role="street_officer"), NOW)


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
