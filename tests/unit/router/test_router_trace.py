"""Every line of a trace can be read again and told in both languages."""

import re

import pytest

from services.router.app import city_of_files
from services.router.domain.routing.kinds import KINDS
from services.router.domain.routing.question import ask
from services.router.domain.routing.rows import read_rows
from services.router.domain.routing.trace import NO_PLACE, explain, line
from services.router.domain.routing.walk import route
from shared.contracts.parts import Place
from tests.unit.router.samples import COMMUNITY, MONDAY, city

SAMPLES = {
    "catalogue": "cat-1",
    "limits": "limits-1",
    "word": "着火了",
    "to": "119",
    "unit": "BH-CGJ",
    "lead": "BH-CGJ",
    "units": "U-TX1,U-TX2",
    "grid": COMMUNITY + "003",
    "name": "华秀丽",
    "worker": "郑志强",
    "choice": "grid",
    "raw": "9999",
    "category": "0101",
    "function": "CGJ",
    "n": 3,
    "region": COMMUNITY,
    "how": "road",
    "confidence": "0.70",
    "where": NO_PLACE,
    "number": 2,
    "when": "season=10-15..04-15",
    "urgency": "urgent",
    "subject": "GR",
    "version": 7,
    "role": "dispatcher",
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_line_is_told_as_what_it_is(kind: str) -> None:
    written = line(kind, **SAMPLES)
    told = explain(written, city().catalogue)
    names = re.findall(r"\{(\w+)\}", KINDS[kind].zh)
    expected = re.escape(re.sub(r"\{\w+\}", "\0", KINDS[kind].zh)).replace("\0", ".+")
    assert re.fullmatch(expected, told.zh), told
    assert "{" not in told.zh + told.en
    if "unit" in names:
        assert "滨河区城市管理综合行政执法局" in told.zh


def test_a_place_nobody_named_is_told_in_the_readers_language() -> None:
    told = explain(line("too_coarse", where=NO_PLACE, function="GR"), city().catalogue)
    assert told.zh == "地点（未写明）不足以确定由哪个供热单位负责"
    assert told.en == "the place (not given) does not tell which unit of GR"


def test_other_forms_stand_as_they_are() -> None:
    assert (
        explain("what an older router wrote", city().catalogue).zh == "what an older router wrote"
    )


def test_a_golden_trace_in_words() -> None:
    question = ask(
        city(),
        category="0205",
        place=Place(region=COMMUNITY + "003"),
        choice="grid",
        located_by="compound",
        place_confidence=0.95,
    )
    answer = route(city(), question, MONDAY)
    assert [explain(each, city().catalogue).zh for each in answer.trace[:-1]] == [  # type: ignore[union-attr]
        "群众选择报网格员：河湾社区居民委员会第3网格的华秀丽先到场查看",
        "分类“路灯不亮”由市政设施服务中心牵头",
        "地点：滨河区河湾街道河湾社区第3网格（按小区名，可信度 0.95）",
        "按地点所在区划：云川市市政设施服务中心",
        "属委办局法定职责：同时吹哨云川市市政设施服务中心",
        "协办职能供电单位：云川供电公司",
        "知会属地街道：河湾街道办事处",
    ]


@pytest.mark.parametrize(
    ("tables", "wrong"),
    [
        ({"assets": []}, "assets"),
        ({"asset": [{"categories": ["0203"], "words": ["井"]}]}, "asset 1: one of unit"),
        ({"asset": [{"categories": ["0203"], "words": [], "unit": "X"}]}, "asset 1: at least one"),
        ({"danger": [{"to": "119", "words": ["火"], "x": 1}]}, "danger 1: not known: x"),
        ({"season": [{"categories": ["0701"], "when": "winter", "urgency": "urgent"}]}, "winter"),
        ({"grid_worker": {"on_duty": "8-20"}}, "hours=8-20"),
        ({"statutory": {"to": "x"}}, "statutory: a list"),
    ],
)
def test_wrong_rows_are_named(tables: dict[str, object], wrong: str) -> None:
    with pytest.raises(ValueError, match=re.escape(wrong)):
        read_rows(tables)


def test_the_citys_rows_name_units_and_categories_that_there_are() -> None:
    known = city_of_files()
    functions = {f for unit in known.catalogue.units.values() for f in unit.function_codes}
    for row in (*known.policy.rows.assets, *known.policy.rows.seasons):
        assert set(row.categories) <= set(known.catalogue.categories), row
    for asset in known.policy.rows.assets:
        assert asset.unit is None or asset.unit in known.catalogue.units
        assert asset.function is None or asset.function in functions
