"""What tells a home is taken out of a text; what a matter is about stays readable."""

import pytest

from shared.catalogue.load import load_catalogue
from shared.catalogue.place_words import MARK, PlaceWords

WORDS = load_catalogue().place_words


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("河湾锦苑7号楼有人在楼顶加盖", "〔地点〕有人在楼顶加盖"),
        ("锦苑小区二期3-2-501夜里施工", "〔地点〕夜里施工"),
        ("住河湾社区，粮库大院3栋二单元五层东户漏水", "住〔地点〕，〔地点〕漏水"),
        ("河湾锦苑〔门牌〕堆放杂物", "〔地点〕堆放杂物"),
        ("滨河路12号的饭店排油烟", "滨河路〔地点〕的饭店排油烟"),
        ("3号楼501室群租", "〔地点〕群租"),
        ("A座1502有人养鸡", "〔地点〕有人养鸡"),
        ("7#楼、８号楼之间停满车", "〔地点〕之间停满车"),
        ("举报河湾锦苑物业乱收费", "举报〔地点〕物业乱收费"),
        ("临水花园和临水小区都停水", "〔地点〕和〔地点〕都停水"),
        ("中单元的灯坏了", "〔地点〕的灯坏了"),
    ],
)
def test_what_tells_a_home_is_masked(text: str, told: str) -> None:
    assert WORDS.masked(text) == told


@pytest.mark.parametrize(
    "text",
    [
        "在楼顶私自加盖一栋彩钢房，夜里施工。",
        "河湾街上的路灯3天不亮",
        "滨河大道12路公交总是晚点",
        "12345回复过2次，拖欠工资3000元",
        "违建有3层，共20户居民受影响",
        "沿河街道办事处门口",
    ],
)
def test_what_a_matter_is_about_stays(text: str) -> None:
    assert WORDS.masked(text) == text


def test_what_the_matter_s_own_place_is_called_goes_too() -> None:
    words = PlaceWords()
    text = "北岸新居后门3号楼噪音大，北岸新居物业不管"
    assert words.masked(text, also=("北岸新居", None)) == f"{MARK}后门{MARK}噪音大，{MARK}物业不管"
    assert words.masked(text) == f"北岸新居后门{MARK}噪音大，北岸新居物业不管"


def test_masking_twice_changes_nothing_more() -> None:
    once = WORDS.masked("河湾锦苑7号楼2单元，滨河路12号院")
    assert WORDS.masked(once) == once
