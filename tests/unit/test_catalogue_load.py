"""Wrong tables: every wrong cell is told at once, by file, line and column."""

import shutil
from pathlib import Path

import pytest

from shared.catalogue.load import DATA, load_catalogue
from shared.catalogue.tables import CatalogueError

FILES = ("categories.csv", "bureaus.csv", "compounds.csv", "roads.csv", "duties.csv", "lines.csv")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for file in FILES:
        shutil.copy(DATA / file, tmp_path / file)
    return tmp_path


def line_of(folder: Path, file: str, text: str) -> int:
    """The last line with the text: of two that contradict, the later one is told."""
    lines = (folder / file).read_text(encoding="utf-8").splitlines()
    return max(number for number, line in enumerate(lines, 1) if text in line)


def change(folder: Path, file: str, old: str, new: str) -> None:
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")


CASES = [
    ("categories.csv", "01,市容环卫,0102", "(,市容环卫,0102", "major_code", "two digits"),
    ("categories.csv", "01,市容环卫,0101", "01,市容环卫,0201", "minor_code", "begin with 01"),
    ("categories.csv", "01,市容环卫,0102", "01,市容环卫,0101", "minor_code", "stands in line 2"),
    ("categories.csv", "01,市容环卫,0102", "01,市容,0102", "major_name", "01 is 市容环卫 above"),
    ("categories.csv", "店外经营与乱堆物料,CGJ", "店外经营与乱堆物料,CGX", "lead_bureau", "'CGX'"),
    ("categories.csv", "CGJ,JD,一般,投诉", "CGJ,JX,一般,投诉", "co_bureaus", "'JX'"),
    ("categories.csv", "CGJ,JD,一般,投诉", "CGJ,JD;JD,一般,投诉", "co_bureaus", "repeated"),
    ("categories.csv", "CGJ,JD,一般,投诉", "CGJ,CGJ,一般,投诉", "co_bureaus", "cannot assist"),
    ("categories.csv", "CGJ,JD,一般,投诉", "CGJ,JD,加急,投诉", "default_urgency", "'加急'"),
    ("categories.csv", "CGJ,JD,一般,投诉", "CGJ,JD,一般,抱怨", "default_type", "'抱怨'"),
    ("categories.csv", "0102,店外经营与乱堆物料", "0102,", "minor_name", "must not be empty"),
    ("bureaus.csv", "XS-GOV,西山区", "BH-GOV,西山区", "code", "already"),
    ("bureaus.csv", "XS-GOV,西山区", "xs gov,西山区", "code", "is not a code"),
    (
        "bureaus.csv",
        "BH-CGJ,滨河区城市管理综合行政执法局,BH-GOV",
        "BH-CGJ,滨河区,BX",
        "parent",
        "'BX'",
    ),
    ("bureaus.csv", "执法局,BH-GOV,district", "执法局,BH-GOV,borough", "level", "borough"),
    ("bureaus.csv", "BH-GOV,district,bureau", "BH-GOV,district,office", "kind", "office"),
    ("bureaus.csv", "CGJ,159902,0,1", "CGJ,15990,0,1", "region_code", "'15990' is not a region"),
    ("bureaus.csv", "CGJ,159902,0,1", "CGJ,159904,0,1", "region_code", "159904"),
    ("bureaus.csv", "CGJ,159902,0,1", "CGJ,159902,no,1", "can_whistle", "'no'"),
    ("bureaus.csv", "JD,159902001,1,1,82000", "JD,159902001,1,1,8.2", "population", "'8.2'"),
    ("bureaus.csv", "JD,159902001,1,1", "JD,159902,1,1", "region_code", "not the region of a"),
    (
        "compounds.csv",
        "临水花园,临水小区",
        "临水花园,河湾锦苑",
        "aliases",
        "already names 河湾锦苑",
    ),
    (
        "compounds.csv",
        "河湾家园,河湾小区,1599",
        "河湾锦苑,河湾小区,1599",
        "name",
        "stands in line 2",
    ),
    ("compounds.csv", "159902001001,P-01", "159902001009,P-01", "region_code", "no community"),
    ("compounds.csv", "159902001001,P-01", "159902001,P-01", "region_code", "no community"),
    ("compounds.csv", "159902001001,P-01", "159902001001,P-77", "property_unit", "'P-77'"),
    ("compounds.csv", "159902001001,P-01", "159902001001,U-GR1", "property_unit", "'U-GR1'"),
    ("compounds.csv", "159902001001,P-01", "159902001001,P-06", "property_unit", "P-06 does not"),
    ("compounds.csv", "P-01,41.6", "P-01,141.6", "lat", "is not between -90 and 90"),
    ("compounds.csv", "P-01,41.604608", "P-01,north", "lat", "north"),
    ("compounds.csv", "P-01,41.604608", "P-01,nan", "lat", "nan is not between"),
    ("roads.csv", "河湾街,,159902001001", "河湾街,,", "region_codes", "must not be empty"),
    ("roads.csv", "河湾街,,159902001001", "河湾街,,159902001", "region_codes", "no community"),
    ("roads.csv", "长堤路,长堤街", "长堤路,滨河路", "aliases", "'滨河路' already names 滨河大道"),
    ("duties.csv", "GR,159902003003", "07,159902003003", "subject", "'07' is no category"),
    ("duties.csv", "GR,159902003003", "GR,159902009", "region", "'159902009'"),
    ("duties.csv", ",U-GR2,", ",U-GR9,", "unit", "'U-GR9'"),
    ("duties.csv", ",U-GR2,", ",S-159902003,", "unit", "must not go down to S-159902003"),
    ("duties.csv", "2025-10-15,", "2025-10-15,2024-01-01", "valid_to", "2024-01-01 is before"),
    ("duties.csv", "2025-10-15,", "15.10.2025,", "valid_from", "15.10.2025"),
    ("duties.csv", "hours=22:00-06:00", "at night", "condition", "'at night'"),
]


@pytest.mark.parametrize(("file", "old", "new", "column", "why"), CASES)
def test_a_wrong_cell(folder: Path, file: str, old: str, new: str, column: str, why: str) -> None:
    change(folder, file, old, new)
    with pytest.raises(CatalogueError) as error:
        load_catalogue(folder)
    hits = [c for c in error.value.cells if (c.file, c.column) == (file, column) and why in c.why]
    assert hits, str(error.value)
    line = line_of(folder, file, new)
    assert {cell.line for cell in hits} == {line}
    assert f"{file}:{line}: {column}: " in str(error.value)


def test_all_wrong_cells_are_told_at_once(folder: Path) -> None:
    change(folder, "categories.csv", "CGJ,JD;SCJ,一般,投诉", "CGJ,JD;SCJ,加急,抱怨")
    change(folder, "bureaus.csv", "CGJ,159902,0,1", "CGJ,159902,0,yes")
    with pytest.raises(CatalogueError) as error:
        load_catalogue(folder)
    assert [(c.file, c.line, c.column) for c in error.value.cells] == [
        ("categories.csv", 2, "default_urgency"),
        ("categories.csv", 2, "default_type"),
        ("bureaus.csv", line_of(folder, "bureaus.csv", "CGJ,159902,0,yes"), "duty_24h"),
    ]


def test_a_wrong_header_a_short_row_and_a_wrong_encoding(folder: Path) -> None:
    change(folder, "roads.csv", "name,aliases", "name,alias")
    change(folder, "duties.csv", "GR,159902003003,", "GR;159902003003;")
    content = (folder / "compounds.csv").read_bytes()
    (folder / "compounds.csv").write_bytes(content.replace("临水小区".encode(), b"\xff\xfe"))
    with pytest.raises(CatalogueError) as error:
        load_catalogue(folder)
    told = {(c.file, c.line): c.why for c in error.value.cells}
    assert "alias" in told["roads.csv", 1]
    assert "cells instead of 7" in told["duties.csv", 2]
    assert told["compounds.csv", 4] == "is not UTF-8"


def test_a_byte_order_mark_and_empty_lines_are_borne(folder: Path) -> None:
    content = (folder / "roads.csv").read_bytes()
    (folder / "roads.csv").write_bytes(b"\xef\xbb\xbf" + content + b"\n")
    assert len(load_catalogue(folder).roads) == len(load_catalogue().roads)


def test_a_changed_table_is_another_version(folder: Path) -> None:
    same = load_catalogue(folder).version
    change(folder, "roads.csv", "河湾街,,", "河湾街,河湾巷,")
    assert same == load_catalogue().version != load_catalogue(folder).version


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "duties.csv").unlink()
    with pytest.raises(FileNotFoundError, match=r"duties\.csv"):
        load_catalogue(folder)


def test_a_city_without_its_government_is_refused(folder: Path) -> None:
    change(folder, "bureaus.csv", "city,government,GOV,159900", "city,bureau,GOV,159900")
    with pytest.raises(CatalogueError, match="there must be one city"):
        load_catalogue(folder)
