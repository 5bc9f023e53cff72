"""`shaodao duties` against a running router: drafted from a table, tried, published, listed."""

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from deploy.cli.main import cli
from deploy.local.data_folder import DataFolder
from services.router.app import MIGRATIONS
from tests.support.router import Router, router_on
from tests.support.serving import SECRET
from tests.support.stack_folder import stack_folder
from tests.unit.router.samples import COMMUNITY

LEAD, OTHER = "BH-CGJ", "C-CGJ"
DRAFTER = ("--by", "张工")


@pytest.fixture
async def router(database, kafka, prefix, topics_of, tmp_path) -> AsyncIterator[Router]:
    await topics_of(prefix, [LEAD, "BH-SCJ", "S-159902001"])
    async with router_on(await database(MIGRATIONS), kafka, prefix, tmp_path) as running:
        yield running


@pytest.fixture
def folder(router: Router, kafka: str, tmp_path: Path):
    told = {"router": router.url, "kafka": kafka, "topic_prefix": router.prefix}
    with stack_folder(tmp_path / "data", secret=SECRET, **told) as held:
        yield held


async def run(folder: DataFolder, *arguments: str) -> Result:
    argv = ["duties", *arguments, "--data", str(folder.path)]
    return await asyncio.to_thread(CliRunner().invoke, cli, argv)


async def said(folder: DataFolder, *arguments: str) -> str:
    """A command's output; it must succeed."""
    result = await run(folder, *arguments)
    assert result.exit_code == 0, (result.output, result.exception)
    return result.stdout


async def test_a_list_is_changed_in_a_table_tried_and_published(
    router: Router, folder: DataFolder, tmp_path: Path
):
    await router.blown(await router.registers(category="0101"))
    await said(folder, "draft", "--note", "河湾整治", *DRAFTER)
    table = tmp_path / "duties.csv"
    await said(folder, "export", "--version", "2", "--file", str(table))
    rows = list(csv.reader(io.StringIO(table.read_text("utf-8-sig"))))
    assert rows[0][:4] == ["subject", "region", "condition", "unit"]
    new = ["0101", COMMUNITY, "", OTHER, "《专班方案》第三条", "2026-09-14", "", ""]

    def write(*more: list[str]) -> None:
        text = io.StringIO(newline="")
        csv.writer(text).writerows([*rows, *more])
        table.write_text(text.getvalue(), "utf-8-sig")

    write([*new[:3], "S-159902001", *new[4:]])
    refused = await run(folder, "edit", "2", str(table), *DRAFTER)
    assert refused.exit_code != 0
    assert f"{len(rows) + 1}: unit: " in str(getattr(refused.exception, "zh", ""))
    write(new)
    assert "新增 1 行，修改 0 行，删除 0 行" in await said(
        folder, "edit", "2", str(table), *DRAFTER
    )

    printed = await said(folder, "dry-run", "2", *DRAFTER)
    assert f"{LEAD} → {OTHER}" in printed
    assert "1 件中 1 件会变" in printed
    lines = [
        json.loads(line) for line in (await said(folder, "dry-run", "2", "--json")).splitlines()
    ]
    assert [line["kind"] for line in lines] == ["change", "totals"]

    own = await run(folder, "publish", "2", *DRAFTER)
    assert own.exit_code != 0
    assert "李主任" in await said(folder, "publish", "2", "--by", "李主任")
    listed = json.loads(await said(folder, "list", "--subject", "0101", "--json"))
    assert [row["unit"] for row in listed] == [OTHER]
    states = {
        v["version"]: v["state"] for v in json.loads(await said(folder, "versions", "--json"))
    }
    assert states == {1: "superseded", 2: "published"}


async def test_proposals_are_listed_taken_and_dismissed(router: Router, folder: DataFolder):
    for unit in (OTHER, LEAD):
        body = {"subject": "0101", "region": COMMUNITY, "unit": unit, "clause": "督办员裁定"}
        answer = await router.call(
            "POST", "/duties/proposals", role="supervisor", name="李主任", json=body
        )
        assert answer.status_code == 201
    first, second = json.loads(await said(folder, "proposals", "--json"))
    await said(folder, "draft", "--note", "采纳裁定", *DRAFTER)
    await said(
        folder,
        "take",
        first["proposal_id"],
        "--version",
        "2",
        "--region",
        "159902001",
        "--by",
        "张工",
    )
    await said(folder, "dismiss", second["proposal_id"], "--reason", "个案，不作为先例")
    assert json.loads(await said(folder, "proposals", "--json")) == []
    draft = json.loads(await said(folder, "list", "--version", "2", "--unit", OTHER, "--json"))
    assert "159902001" in {row["region"] for row in draft}
    assert "第 2 版已放弃" in await said(folder, "discard", "2")
