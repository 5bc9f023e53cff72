"""What the command line prints: times by the city's clock, and whether a rebuild came out equal."""

import pytest
from typer.testing import CliRunner

from deploy.cli import notices
from deploy.cli.figures import compared_lines
from deploy.cli.output import local

HELD = {
    "now": "2026-09-14T04:00:00Z",
    "watched_to": "2026-09-14T03:59:58Z",
    "behind": True,
    "messages": 3,
    "receivers": 1,
    "oldest": "2026-09-13T16:30:00Z",
    "gaps": [{"why": "outage", "from_at": "2026-09-13T16:00:00Z", "to_at": "2026-09-14T01:00:00Z"}],
    "items": [{"unit": "BH-CGJ", "name": "王值班", "n": 3, "oldest": "2026-09-13T16:30:00Z"}],
    "next": None,
}


def test_a_moment_is_told_by_the_citys_clock():
    assert local("2026-12-31T16:00:00Z") == "2027-01-01 00:00:00"
    assert local(None) == "–"


def test_what_is_held_is_listed_by_the_citys_clock(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(notices, "ask", lambda *_: HELD)
    monkeypatch.setattr(notices, "folder_of", lambda *_: None)
    said = CliRunner().invoke(notices.app, ["held"], env={"COLUMNS": "160"})
    assert said.exit_code == 0, said.output
    for moment in ("2026-09-14 11:59:58", "2026-09-14 00:00:00", "2026-09-14 09:00:00"):
        assert moment in said.output
    assert "2026-09-14 00:30:00" in said.output
    assert "Z" not in said.output, "nothing in UTC"


def test_a_rebuild_says_whether_it_came_out_equal():
    same = {"name": "figure_ticket", "n": 40, "only_before": 0, "only_after": 0}
    other = {"name": "figure_part", "n": 60, "only_before": 1, "only_after": 2}
    (line,) = compared_lines({"equal": True, "tables": [same, same]})
    assert "一致，共 80 行" in line
    first, *rest = compared_lines({"equal": False, "tables": [same, other]})
    assert "不一致" in first
    assert rest == ["  figure_part：原有 1 行、重建 2 行不同 / rows of one alone"]
    (line,) = compared_lines({"equal": None, "tables": []})
    assert "没有比对" in line
