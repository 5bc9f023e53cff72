"""A table for Excel: nothing in it computes, nothing is rounded, everything comes back."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.csv_text import cell, line

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1+1", "＠a", "\u200b=1"]


@pytest.mark.parametrize("text", FORMULAS)
def test_what_would_compute_is_text(text: str) -> None:
    (read,) = next(csv.reader(io.StringIO(line([text]), newline="")))
    assert read == f"'{text}"


def test_a_long_number_keeps_its_digits() -> None:
    assert cell("1599202611230000014") == '"1599202611230000014\t"'
    assert cell("12345") == "12345"


def test_rows_end_as_excel_wants() -> None:
    assert line(["a", 'say "b"', "c,d", "e\nf"]) == 'a,"say ""b""","c,d","e\nf"\r\n'


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=5))
def test_no_cell_breaks_its_row_or_computes(texts: list[str]) -> None:
    (row,) = csv.reader(io.StringIO(line([*texts, "end"]), newline=""))
    assert row[-1] == "end"
    for given_text, read in zip(texts, row[:-1], strict=True):
        assert read.removesuffix("\t").removeprefix("'") in (
            given_text.replace("\0", ""),
            given_text.replace("\0", "").removesuffix("\t").removeprefix("'"),
        )
        assert not read.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))
