"""Redaction: what tells who a person is goes, the rest of the words stay."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.redaction import (
    MARKS,
    Kind,
    first_sentence,
    generalise_address,
    redact,
)

PHONE, ID, PLATE, DOOR, NAME = (
    MARKS[k] for k in (Kind.PHONE, Kind.ID_NUMBER, Kind.PLATE, Kind.DOOR, Kind.NAME)
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("电话13812345678一直打不通", f"电话{PHONE}一直打不通"),
        ("138-1234-5678或138 1234 5679", f"{PHONE}或{PHONE}"),
        ("138.1234.5678", PHONE),
        ("１３８１２３４５６７８", PHONE),
        ("1 3 8 1 2 3 4 5 6 7 8", PHONE),
        ("一三八一二三四五六七八", PHONE),
        ("幺三八零零幺三八零零零", PHONE),
        ("+86 13812345678、0086-13812345678", f"{PHONE}、{PHONE}"),
        ("0478-8212345", PHONE),
        ("（0478）821 2345转801", PHONE),
        ("010-82123456", PHONE),
        ("电话：8212345、8212346", f"电话：{PHONE}"),
        ("身份证150802199001011234", f"身份证{ID}"),
        ("15080219900101123x", ID),
        ("150802 19900101 1234", ID),
        ("150802900101123", ID),
        ("身份证号：15080219901399123", f"身份证号：{ID}"),
        ("蒙L12345", PLATE),
        ("蒙L·12345", PLATE),
        ("蒙l12345", PLATE),
        ("京ＡＦ１２３４５", PLATE),
        ("云A D12345", f"{PLATE}"),
        ("云A1234挂", PLATE),
        ("3号楼2单元501", f"3号楼{DOOR}"),
        ("5-2-301", DOOR),
        ("3-5-2-301室", DOOR),
        ("12栋1204室", f"12栋{DOOR}"),
        ("三号楼二单元五零一室", f"三号楼{DOOR}"),
        ("3号楼501一直漏水", f"3号楼{DOOR}一直漏水"),
        ("2单元5楼东户", DOOR),
        ("1单元3104,201", DOOR),
        ("4#1501房", f"4#{DOOR}"),
        ("A座1502", f"A座{DOOR}"),
        ("河湾锦苑5-301", f"河湾锦苑{DOOR}"),
        ("东风里3排5号", f"东风里{DOOR}"),
        ("新丰村3组12号", f"新丰村3组{DOOR}"),
        ("姓名：张伟，电话", f"姓名：{NAME}，电话"),
        ("我叫欧阳小明，住", f"我叫{NAME}，住"),
    ],
)
def test_personal_data_goes(text: str, expected: str) -> None:
    assert redact(text).text == expected


@pytest.mark.parametrize(
    "text",
    [
        "打12345没有用，110也来了",
        "物业电话400-123-4567没人接",
        "2026-11-21 10:30停水，2026年11月21日来水",
        "有297户业主，共1306户，3号楼500多人，6栋180户1000余人",
        "3号楼2019年建成，2栋155门面",
        "每月收200-400元，一共12345元",
        "三室一厅95㎡，2房改房政策2005房补文件",
        "3号楼2单元楼道灯坏了",
        "17栋3楼，4楼两层共计2千平",
        "20栋2单元1楼麻将馆",
        "新A1区之都、新B9市",
        "网格编号159902001001003",
        "河湾街12号，滨河大道88号院",
        "我是河湾小区业主，联系人社局没有结果",
        "第101医院，301路公交车",
    ],
)
def test_what_tells_nobody_stays(text: str) -> None:
    redacted = redact(text)
    assert (redacted.text, redacted.found) == (text, {})


def test_the_reporter_is_taken_out_by_name() -> None:
    redacted = redact("我是赵小明，赵小明的家", names=["赵小明"])
    assert redacted.text == f"我是{NAME}，{NAME}的家"
    assert redacted.found == {Kind.NAME: 2}


@pytest.mark.parametrize("name", ["市民", "匿名", "赵", " "])
def test_what_is_no_name_spoils_no_text(name: str) -> None:
    assert redact("市民赵先生匿名反映", names=[name]).text == "市民赵先生匿名反映"


@pytest.mark.parametrize(
    ("address", "general", "exact"),
    [
        ("河湾锦苑3号楼2单元501", "河湾锦苑3号楼", True),
        ("河湾锦苑5-2-301", "河湾锦苑", True),
        ("河湾锦苑 12栋1204室", "河湾锦苑 12栋", True),
        ("河湾锦苑三号楼二单元五零一", "河湾锦苑三号楼", True),
        ("滨河大道88号院2号楼 3-1102", "滨河大道88号院2号楼", True),
        ("河湾锦苑501", "河湾锦苑", True),
        ("河湾锦苑3号楼", "河湾锦苑3号楼", False),
        ("河湾街12号", "河湾街12号", False),
        ("胜利小区北门", "胜利小区北门", False),
    ],
)
def test_an_address_keeps_compound_and_building(address: str, general: str, exact: bool) -> None:
    assert generalise_address(address) == (general, exact)


def test_an_address_of_nothing_but_a_door() -> None:
    assert generalise_address("5-2-301") == ("", True)


WORDS = st.text(alphabet="的灯坏了楼下没人修请尽快来，。！abc 好市民反映小区物业", max_size=20)
DIGITS = st.integers(3, 9).flatmap(
    lambda second: st.integers(0, 10**9 - 1).map(lambda rest: f"1{second}{rest:09d}")
)
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


@given(WORDS, DIGITS, WORDS, st.sampled_from(["", "-", " ", "－"]), st.booleans())
def test_no_mobile_phone_is_left(before: str, phone: str, after: str, gap: str, wide: bool) -> None:
    written = gap.join((phone[:3], phone[3:7], phone[7:]))
    text = redact(f"{before}{written.translate(WIDE) if wide else written}{after}").text
    assert MARKS[Kind.PHONE] in text
    assert not re.search(r"[0-9０-９]{4}", text)


@given(
    WORDS,
    st.integers(110000, 659999),
    st.dates(),
    st.integers(0, 999),
    st.sampled_from("0123456789X"),
    WORDS,
)
def test_no_id_number_is_left(
    before: str, region: int, born: object, serial: int, check: str, after: str
) -> None:
    birthday = f"19{str(born)[2:4]}{str(born)[5:7]}{str(born)[8:10]}"
    number = f"{region}{birthday}{serial:03d}{check}"
    text = redact(f"{before}{number}{after}").text
    assert number not in text
    assert MARKS[Kind.ID_NUMBER] in text


@given(
    WORDS,
    st.integers(1, 40),
    st.integers(1, 9),
    st.integers(1, 33),
    st.integers(1, 8),
    st.sampled_from(["{b}号楼{u}单元{r}", "{b}栋{u}单元{r}室", "{b}-{u}-{r}", "{b}幢{r}室"]),
    WORDS,
)
def test_no_door_is_left(
    before: str, building: int, unit: int, floor: int, flat: int, form: str, after: str
) -> None:
    room = f"{floor}{flat:02d}"
    written = form.format(b=building, u=unit, r=room)
    text = redact(f"{before}，{written}，{after}").text
    assert MARKS[Kind.DOOR] in text
    assert written not in text
    assert not re.search(rf"单元{room}|{unit}-{room}|幢{room}", text)


@given(st.text(alphabet="0123456789１2-－ 一二三号楼单元栋室户电话：蒙LA〔〕。，x", max_size=60))
def test_redacting_twice_changes_nothing(text: str) -> None:
    once = redact(text).text
    assert redact(once).text == once


@given(st.text(max_size=200))
def test_any_text_is_readable(text: str) -> None:
    redacted = redact(text, names=["赵小明"])
    assert (redacted.text == text) == (not redacted.found)


@pytest.mark.parametrize(
    "text", ["1" * 10_000, "1-" * 5_000, "3号楼" * 3_000, "一二三 " * 2_500, "1单元" * 3_000]
)
def test_the_longest_text_takes_no_second(text: str) -> None:
    started = time.process_time()
    redact(text)
    assert time.process_time() - started < 1.0


def test_a_title_is_the_first_sentence() -> None:
    assert first_sentence("家里停水三天了！快来") == "家里停水三天了"
    assert first_sentence("  没有标点  ") == "没有标点"
    assert len(first_sentence("长" * 100)) == 30
    cut = first_sentence("长" * 26 + PHONE + "以后")
    assert cut == "长" * 26 + "…"
