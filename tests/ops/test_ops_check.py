"""`make ops-check` is green, and each of its checks finds what is broken in a copy."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.ops_check.__main__ import CHECKS, ROOT, examine
from deploy.ops_check.tools import ToolMissingError

RULES, TESTS = "deploy/prometheus/rules", "deploy/prometheus/tests"
ROUTES = "deploy/alertmanager/alertmanager.yml"
CITY = "deploy/grafana/dashboards/city.json"
FOR_THE_IMAGE = (
    ".dockerignore", ".npmrc", "README.md", "package-lock.json", "package.json", "pyproject.toml",
    "requirements.lock", "deploy/local/locked.py",
)  # fmt: skip
KEPT = {"events.yml", "events_test.yml"}  # a copy has these rules alone: checks are quicker


@dataclass(frozen=True, slots=True)
class Broken:
    """A text of a file that is replaced by another, and words of the fault that must be found."""

    check: str
    file: str
    old: str
    new: str
    fault: str
    whole: bool = False  # the copy has all rules


CASES = [
    Broken("prometheus", "deploy/prometheus/prometheus.yml", "rule_files:", "rules:", "rules not"),
    Broken("prometheus", f"{RULES}/events.yml", "max by (job) (", "max by (job) ((", "parse error"),
    Broken(
        "prometheus", f"{RULES}/events.yml", "_outbox_oldest_age_seconds", "_outbox_age_seconds",
        "no metric shaodao_outbox_age_seconds",
    ),
    Broken(
        "prometheus", f"{RULES}/events.yml", "sum by (job, group)", "sum by (job, team)",
        "no label team",
    ),
    Broken(
        "prometheus", f"{RULES}/slo.yml", 'seconds_bucket{le="5.0"}', 'seconds_bucket{le="4.0"}',
        "no bucket le=4.0", whole=True,
    ),
    Broken(
        "prometheus", f"{RULES}/events.yml",
        "max by (job) (shaodao_dead", "sum by (job) (shaodao_dead",
        "shaodao_dead_letters of several copies makes its max",
    ),
    Broken("prometheus", f"{RULES}/events.yml", "severity: page", "severity: high", "severity"),
    Broken("prometheus", f"{RULES}/events.yml", "        for: 1m\n", "", "neither waits"),
    Broken(
        "prometheus", f"{RULES}/events.yml", " / nobody sends the outbox of {{ $labels.job }}", "",
        "its summary is not in Chinese and English",
    ),
    Broken("rule tests", f"{RULES}/events.yml", "age_seconds) > 30\n", "age_seconds) > 31\n",
           "promtool test rules"),
    Broken("rule tests", f"{RULES}/events.yml", "age_seconds) > 30\n", "age_seconds) > 29\n",
           "promtool test rules"),
    Broken("rule tests", f"{RULES}/events.yml", "for: 2m", "for: 1m", "promtool test rules"),
    Broken(
        "rule tests", f"{RULES}/events.yml", "alert: ShaodaoOutboxOld", "alert: ShaodaoOutboxAged",
        "ShaodaoOutboxAged (severity=page) is in no test that sees it fire",
    ),
    Broken(
        "rule tests", f"{RULES}/events.yml",
        "'{{ $labels.job }} 的发件箱", "'{{ $labels.topic }} 的发件箱",
        "a text names the label topic",
    ),
    Broken("alertmanager", ROUTES, "receiver: pager", "receiver: phone", "amtool check-config"),
    Broken(
        "alertmanager", ROUTES,
        'severity="page"]\n      receiver', 'severity="pages"]\n      receiver',
        "ShaodaoOutboxOld (page) does not go to pager",
    ),
    Broken(
        "alertmanager", ROUTES, "ShaodaoOutboxOld|", "ShaodaoOutboxAged|",
        "there is no alert ShaodaoOutboxAged",
    ),
    Broken(
        "alertmanager", ROUTES, "https://paging.shaodao.example/v1/alerts",
        "http://notifier:8000/api/v1/alerts", "is in the stack itself",
    ),
    Broken(
        "alertmanager", ROUTES, "credentials_file: secrets/pager-token", "credentials: abc",
        "a secret stands in the file",
    ),
    Broken(
        "runbook", f"{RULES}/events.yml", "#shaodaooutboxold", "#outbox",
        "the runbook_url of ShaodaoOutboxOld is not",
    ),
    Broken("runbook", f"{RULES}/events.yml", "alert: ShaodaoDeadLetters", "alert: ShaodaoDeadMail",
           "no section ShaodaoDeadMail"),
    Broken("asyncapi", "shared/contracts/asyncapi.yaml", "asyncapi: 3.0.0", "asyncapi: 3.0.0 ",
           "is not as the contracts make it"),
    Broken("dashboards", CITY, '"refresh": "30s"', '"refresh": "1m"', "is not what its code makes"),
    Broken("dashboards", CITY, '"colorMode": "background"', '"colorMode": "loud"', '"loud"'),
    Broken("dashboards", CITY, "shaodao_canary_age_seconds", "shaodao_canary_years",
           "no metric shaodao_canary_years"),
    Broken("dashboards", CITY, "max by (kind, state)", "sum by (kind, state)",
           "shaodao_open_deadlines of several copies makes its max, not sum"),
    Broken("dashboards", CITY, "max by (kind, state, district)", "max by (kind, state, street)",
           "no label street"),
    Broken("dashboards", CITY, 'state=\\"held\\"', 'state=\\"hold\\"', "no value state=hold"),
    Broken("dashboards", CITY, '"uid": "shaodao-city"', '"uid": "shaodao-intake"',
           "has the uid of"),
    Broken("dashboards", CITY, "deploy/README.md#", "deploy/RUNBOOK.md#",
           "has no link to the runbook"),
    Broken("dashboards", "deploy/README.md", "### City today", "### The city",
           "the runbook has no #city-today"),
    Broken("dashboards", CITY, '"x": 3,', '"x": 2,', "lies on another"),
    Broken("dockerfile", "deploy/Dockerfile", "USER 10001:10001", "USER root", "DL3002"),
    Broken("compose", "deploy/compose.yaml", "SHAODAO_PHOTO_STORE:", "SHAODAO_PHOTOS:",
           "nobody reads SHAODAO_PHOTOS"),
    Broken("kubernetes", "deploy/kubernetes/base/router.yaml", "maxUnavailable: 0,",
           "maxUnavailible: 0,", "maxUnavailible"),
]  # fmt: skip


@pytest.fixture
def copied(tmp_path: Path) -> Callable[[Broken], Path]:
    """Makes a copy of what the checks read."""

    def copy(case: Broken) -> Path:
        for part in ("deploy", "shared/contracts"):
            leave_out = shutil.ignore_patterns("__pycache__", "*.py")
            shutil.copytree(ROOT / part, tmp_path / part, ignore=leave_out)
        for name in FOR_THE_IMAGE:
            shutil.copy(ROOT / name, tmp_path / name)
        (tmp_path / "services").mkdir()
        for path in (*(tmp_path / RULES).iterdir(), *(tmp_path / TESTS).iterdir()):
            if not case.whole and path.name not in KEPT:
                path.unlink()
        return tmp_path

    return copy


def named(case: Broken) -> str:
    return f"{case.check}: {case.fault}"


@pytest.mark.parametrize("name", CHECKS)
def test_it_is_green(name: str) -> None:
    (said, *faults) = examine(ROOT, {name: CHECKS[name]}, strict="CI" in os.environ)
    assert not said.startswith("✗"), "\n".join([said, *faults])


@pytest.mark.parametrize("case", CASES, ids=named)
def test_a_broken_copy_is_found(case: Broken, copied: Callable[[Broken], Path]) -> None:
    folder = copied(case)
    path = folder / case.file
    text = path.read_text("utf-8")
    assert case.old in text, f"{case.file} has no {case.old!r} any more"
    path.write_text(text.replace(case.old, case.new), "utf-8")
    try:
        faults = CHECKS[case.check](folder)
    except ToolMissingError as missing:
        (pytest.fail if "CI" in os.environ else pytest.skip)(str(missing))
    assert [fault for fault in faults if case.fault in fault], faults


def test_every_check_has_a_broken_copy() -> None:
    assert set(CHECKS) == {case.check for case in CASES}


def test_a_missing_tool_is_a_fault_only_where_it_must_be_there() -> None:
    def check(_folder: Path) -> list[str]:
        raise ToolMissingError("promtool")

    (line,) = examine(ROOT, {"rules": check}, strict=True)
    assert line.startswith("✗ rules: 缺少 promtool")
    (line,) = examine(ROOT, {"rules": check}, strict=False)
    assert line.startswith("– rules: 缺少 promtool")
