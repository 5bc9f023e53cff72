"""On a screen of 80 columns the duty list's codes, dates and ids are whole."""

from io import StringIO

import pytest
from rich.console import Console
from rich.table import Table

from deploy.cli.duty_tables import duties_table, proposals_table, versions_table

PROPOSAL_ID = "0199c3f4-7d1a-7c55-9a51-5f6f0c1d2e3f"
CLAUSE = "《云川市市政设施移交接收管理办法》第十二条第二款"
DUTIES = duties_table(
    [
        {
            "subject": "0203",
            "region": "159902001001",
            "condition": "season=10-15..04-15",
            "unit": "Q-159902001001",
            "clause": CLAUSE,
            "valid_from": "2026-09-14",
            "valid_to": "2027-04-15",
        }
    ]
)
VERSIONS = versions_table(
    [
        {
            "version": 12,
            "state": "published",
            "drafted_by": "派单员一号",
            "note": "供暖季前的调整",
            "tried": {"changed": 311, "examined": 5_240},
            "published_by": "督办员",
            "published_at": "2026-11-23T00:31:08.123456Z",
        }
    ]
)
PROPOSALS = proposals_table(
    [
        {
            "proposal_id": PROPOSAL_ID,
            "subject": "0203",
            "region": "159902001001",
            "unit": "Q-159902001001",
            "clause": CLAUSE,
            "whistle_ids": ["a", "b"],
            "proposed_by": "督办员",
        }
    ]
)


@pytest.mark.parametrize(
    ("table", "whole"),
    [
        (DUTIES, ["0203", "159902001001", "Q-159902001001", "2026-09-14", "2027-04-15"]),
        (VERSIONS, ["v12", "published", "311/5240", "2026-11-23 08:31:08"]),
        (PROPOSALS, [PROPOSAL_ID, "0203", "159902001001", "Q-159902001001", "2 次 · 督办员"]),
    ],
)
def test_keys_are_whole(table: Table, whole: list[str]) -> None:
    screen = Console(file=StringIO(), width=80, highlight=False)
    screen.print(table)
    assert isinstance(screen.file, StringIO)
    printed = screen.file.getvalue()
    assert all(key in printed for key in whole), printed
    assert "…" not in printed
