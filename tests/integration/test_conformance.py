"""The conformance kit: the sample department passes it, and each mistake is named by its case."""

import ast
import asyncio
import shlex
import shutil
import sys
from pathlib import Path

import pytest

from deploy.cli.conformance import _specs
from deploy.conformance.cases import CASES, STANDING
from deploy.conformance.finding import Verdict
from deploy.conformance.run import run
from deploy.conformance.stage import foreign_category
from deploy.local.data_folder import PROJECT
from deploy.local.topics import apply_topics
from tests.support.wrong_department import WAYS
from tests.unit.router.samples import city

UNIT = "BH-CGJ"
SAMPLE = PROJECT / "deploy" / "department"
OURS = {"services", "shared", "deploy", "tests"}


def options(kafka: str, prefix: str, folder: Path) -> list[str]:
    foreign = foreign_category(city(), UNIT)
    return [
        *("--unit", UNIT, "--bootstrap", kafka, "--prefix", prefix, "--not-ours", foreign),
        *(
            "--book",
            str(folder / "book.sqlite"),
            "--schemas",
            str(PROJECT / "shared/contracts/schemas"),
        ),
    ]


async def verdicts(kafka: str, prefix: str, command: list[str], *only: str) -> dict[str, Verdict]:
    await apply_topics(kafka, _specs(prefix, UNIT))
    found = await run(
        kafka, unit=UNIT, prefix=prefix, patience=6.0, quiet=0.7, command=command, only=only
    )
    return {verdict.case: verdict for verdict in found}


def test_the_sample_imports_nothing_of_the_project() -> None:
    imported = set()
    for file in SAMPLE.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                imported.add(str(node.module).partition(".")[0])
    assert not imported & OURS
    assert imported - set(sys.stdlib_module_names) == {"aiokafka", "jsonschema"}


async def test_a_copy_of_the_sample_passes_every_case(
    kafka: str, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(SAMPLE, tmp_path / "department")
    monkeypatch.chdir(tmp_path)
    command = [sys.executable, "-m", "department", *options(kafka, prefix, tmp_path)]
    found = await verdicts(kafka, prefix, command)
    wrong = {name: verdict.wrong.en for name, verdict in found.items() if verdict.wrong}
    assert wrong == {}
    assert set(found) == {case.name for case in CASES} | set(STANDING) | {"restart"}


NAMED_BY = {
    "acknowledges_every_delivery": "redelivery",
    "stops_at_an_unknown_type": "unknown_type",
    "refuses_unknown_fields": "unknown_field",
    "has_one_id_for_all_reports": "ids",
    "has_another_subject": "subject",
    "breaks_the_contract": "schema",
    "calls_confidential_people": "confidential",
    "works_when_only_informed": "informed",
    "hammers_what_was_refused": "refused",
    "works_on_after_a_withdrawal": "withdrawn",
    "forgets_its_work": "restart",
    "uses_a_group_of_its_own_naming": "group",
}


async def test_each_mistake_fails_its_own_case(kafka: str, prefix: str, tmp_path: Path) -> None:
    assert set(NAMED_BY) == set(WAYS)
    room = asyncio.Semaphore(4)

    async def tried(way: str, case: str) -> str | None:
        folder = tmp_path / way
        folder.mkdir()
        own = f"{prefix}{way}."
        module = [sys.executable, "-m", "tests.support.wrong_department", way]
        played = case if case not in STANDING else "ordinary"
        async with room:
            found = await verdicts(
                kafka, own, [*module, *options(kafka, own, folder)], played, case
            )
        return case if found[case].wrong is not None else None

    found = await asyncio.gather(*(tried(way, case) for way, case in NAMED_BY.items()))
    assert dict(zip(NAMED_BY, found, strict=True)) == NAMED_BY


async def test_the_command_prints_each_case_and_ends_with_1_when_one_fails(
    kafka: str, prefix: str, tmp_path: Path
) -> None:
    await apply_topics(kafka, _specs(prefix, UNIT))
    sample = [sys.executable, "-m", "deploy.department", *options(kafka, prefix, tmp_path)]

    async def told(only: str) -> tuple[int | None, str]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "deploy.cli.main", "conformance", "--unit", UNIT),
            *("--bootstrap", kafka, "--prefix", prefix, "--patience", "6", "--quiet", "0.5"),
            *("--only", only, "--command", shlex.join(sample)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        out, _ = await process.communicate()
        return process.returncode, out.decode()

    code, text = await told("acknowledge,subject")
    assert code == 0, text
    assert "2 / 2" in text
    code, _ = await told("no_such_case")
    assert code == 2


async def test_a_program_that_ends_by_itself_is_told_at_once(kafka: str, prefix: str) -> None:
    command = [sys.executable, "-c", "raise SystemExit(3)"]
    found = (await verdicts(kafka, prefix, command, "acknowledge"))["acknowledge"]
    assert found.wrong is not None
    assert found.wrong.en.endswith("with 3")
    assert found.seconds < 6, "not after all patience"
