"""Requests of the same matter are found by place, category and text, and not others."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from typer.testing import CliRunner

from deploy.cli.main import cli
from services.intake.domain.near import Asked, Open, box, compare
from services.intake.domain.similarity import alike, near_duplicates, same_category, sketch
from services.intake.domain.ticket import TicketState
from shared.catalogue.gazetteer import metres_between
from shared.contracts.values import TicketType

NOW = datetime(2026, 9, 14, 1, 0, tzinfo=UTC)
HEAT = "家里暖气一直不热，室温只有十三四度，老人孩子都冻感冒了"
SAME_HEAT = "暖气不热，家里室温才十四度，老人和孩子都感冒了，请热力公司来看看"
LAMP = "北门口的路灯坏了一排，晚上走路看不见"


def _open(**changes: Any) -> Open:
    values: dict[str, Any] = {
        "ticket_id": UUID(int=1),
        "number": "159920260914000001",
        "state": TicketState.PROCESSING,
        "type": TicketType.COMPLAIN,
        "category": "0701",
        "title": "暖气不热",
        "summary": SAME_HEAT,
        "region": "159902001001",
        "compound": "河湾锦苑",
        "lat": None,
        "lon": None,
        "confidential": False,
        "registered_at": NOW,
    }
    return Open(**{**values, **changes})


def _score(asked: Asked, other: Open) -> float:
    return compare(asked, sketch(asked.text), other, within=200).score


def test_the_same_words_are_alike_and_others_are_not() -> None:
    assert alike(sketch(HEAT), sketch(HEAT)) == 1.0
    assert alike(sketch(HEAT), sketch(SAME_HEAT)) > 0.3
    assert alike(sketch(HEAT), sketch(LAMP)) < 0.1
    assert alike(sketch("暖气"), sketch(HEAT)) == 0.0  # too short to tell
    polite = "尊敬的领导您好，请相关部门尽快解决，谢谢"
    told_politely = alike(sketch(polite + HEAT), sketch(polite + LAMP))
    assert told_politely < alike(sketch(HEAT), sketch(SAME_HEAT))


def test_place_category_and_text_are_weighed_together() -> None:
    at_home = Asked(text=HEAT, category="0701", region="159902001001", compound="河湾锦苑")
    elsewhere = _open(compound="别处", region="159903001001")
    same, near = _open(), _open(compound="河湾家园")
    assert _score(at_home, same) > _score(at_home, near) > _score(at_home, elsewhere)
    assert _score(at_home, same) >= 0.7
    other_matter = _open(category="0205", summary=LAMP)
    assert _score(at_home, other_matter) < 0.55
    assert same_category("0701", "0702") < same_category(None, "0702") < 1.0


def test_metres_count_up_to_the_limit() -> None:
    asked = Asked(text=HEAT, category="0701", lat=41.6, lon=108.3)
    south, north, west, east = box(41.6, 108.3, 200)
    assert metres_between(south, 108.3, north, 108.3) < 401
    assert metres_between(41.6, west, 41.6, east) > 399
    close = _open(compound=None, region=None, lat=41.6001, lon=108.3)
    far = _open(compound=None, region=None, lat=41.605, lon=108.3)
    found = compare(asked, sketch(asked.text), close, within=200)
    assert found.metres is not None
    assert 10 < found.metres < 12
    assert found.score > _score(asked, far)


def test_tip_offs_and_confidential_requests_are_hidden() -> None:
    assert _open(confidential=True).is_hidden
    assert _open(type=TicketType.TIP_OFF).is_hidden
    assert not _open().is_hidden


def test_near_duplicates_are_found_among_many() -> None:
    others = [
        (f"第{n}号路灯", f"{n}路{n + 7}号门前的灯坏了{n}天，{chr(0x4E00 + n * 37)}某说要修")
        for n in range(60)
    ]
    texts = [("暖气不热", HEAT), *others, ("家里暖气不热", SAME_HEAT), ("暖气不热", HEAT)]
    pairs = near_duplicates(texts, least=0.45)
    found = [(pair.one, pair.other) for pair in pairs]
    assert found[0] == (0, 62)
    assert pairs[0].score == 1.0
    assert (0, 61) in found
    assert all(0 not in {pair.one, pair.other} for pair in pairs if pair.other in range(1, 61))


def test_no_text_is_no_duplicate() -> None:
    assert near_duplicates([], least=0.5) == []
    assert near_duplicates([("", ""), ("", "")], least=0.5) == []


def test_the_command_prints_pairs_of_ids(tmp_path: Path) -> None:
    file = tmp_path / "some.jsonl"
    lines = [("a", HEAT), ("b", LAMP), ("c", HEAT), ("d", "公司拖欠工资三个月，老板不见了")]
    file.write_text(
        "\n".join(json.dumps({"id": key, "title": "", "description": text}) for key, text in lines)
    )
    done = CliRunner().invoke(cli, ["evaluate", "duplicates", str(file), "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["n"] == 4
    assert [(pair["a"], pair["b"]) for pair in told["pairs"]] == [("a", "c")]


def test_the_command_prints_accuracy(tmp_path: Path) -> None:
    file = tmp_path / "some.jsonl"
    lines = [("路灯不亮", "城乡建设"), ("公司拖欠工资", "劳动和社会保障")]
    file.write_text(
        "\n".join(
            json.dumps({"id": f"{n}", "description": text, "major": label})
            for n, (text, label) in enumerate(lines * 4)
        )
    )
    done = CliRunner().invoke(cli, ["evaluate", "suggestions", str(file), "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["n"], told["top1"], told["top3"]) == (8, 1.0, 1.0)
    assert told["top1_interval"][0] < 1.0
    assert told["by_label"].keys() == {"城乡建设", "劳动和社会保障"}
    assert told["without_learning"]["top1"] == 1.0
