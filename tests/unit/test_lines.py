"""The 26 lines in one: which there are, how they came in, what a ticket's line may be."""

from collections import Counter
from pathlib import Path

import pytest

from services.intake.domain.lines import line_called, line_problem
from services.intake.lines import list_lines
from shared.catalogue.load import COLUMNS, DATA, build_catalogue, load_catalogue
from shared.catalogue.model import WayIn
from shared.catalogue.tables import CatalogueError

CATALOGUE = load_catalogue()


def test_there_are_26_lines_and_four_emergency_numbers() -> None:
    ways = Counter(each.way_in for each in CATALOGUE.hotlines.values())
    assert ways.pop(WayIn.EMERGENCY) == 4
    assert sum(ways.values()) == 26
    assert set(ways) == {WayIn.MERGED, WayIn.BOTH_NUMBERS, WayIn.BRANCH}
    assert {"12319", "12315", "12333", "12369", "12329", "12320", "12338", "12348", "12366",
            "12328"} <= set(CATALOGUE.hotlines)  # fmt: skip
    assert "12345" not in CATALOGUE.hotlines


def test_a_branch_centre_sits_at_a_unit() -> None:
    centres = {each.number: each.centre for each in list_lines(CATALOGUE) if each.centre}
    assert centres["12366"] == "C-SWS"
    assert {CATALOGUE.hotlines[n].way_in for n in centres} == {WayIn.BRANCH}


def test_a_tickets_line_is_one_of_them() -> None:
    assert line_problem(CATALOGUE, "12319") is None
    for wrong in ("12345", "110", "99999", "城管", "１２３１９"):
        problem = line_problem(CATALOGUE, wrong)
        assert problem is not None
        assert problem.field == "line"


def test_a_called_number_stands_for_its_line() -> None:
    assert line_called(CATALOGUE, "12319") == "12319"
    assert line_called(CATALOGUE, "0478-12315") == "12315"
    assert line_called(CATALOGUE, "12345") is None
    assert line_called(CATALOGUE, "110") is None


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("12366,纳税缴费服务热线,branch,C-SWS", "12366,纳税缴费服务热线,branch,", "sits somewhere"),
        ("12319,", "12345,", "12345 is where"),
        ("12319,", "12315,", "already"),
        ("12319,", "1231,", "three or five digits"),
        ("110,公安报警,emergency", "110,公安报警,merged", "go together"),
        ("merged,C-CGJ", "merged,C-XXX", "no unit"),
        ("merged,C-CGJ", "joined,C-CGJ", "joined"),
    ],
)
def test_wrong_lines_are_told(old: str, new: str, why: str) -> None:
    tables = {file: (Path(DATA) / file).read_bytes() for file in COLUMNS}
    text = tables["lines.csv"].decode()
    assert old in text
    tables["lines.csv"] = text.replace(old, new, 1).encode()
    with pytest.raises(CatalogueError, match=why) as caught:
        build_catalogue(tables)
    assert all(cell.file == "lines.csv" for cell in caught.value.cells)
