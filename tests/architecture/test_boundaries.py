"""The boundaries of import-linter hold, and each of them fails in a copy that crosses it."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("services", "shared", "deploy")
SERVICES = sorted(
    path.name for path in (ROOT / "services").iterdir() if (path / "__init__.py").exists()
)
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
    "contracts"
]
LINT = "import sys; from importlinter.cli import lint_imports_command; lint_imports_command()"


def lint(root: Path, *contracts: str) -> subprocess.CompletedProcess[str]:
    """Runs import-linter on a checkout; without names, all contracts."""
    options = [word for name in contracts for word in ("--contract", name)]
    return subprocess.run(
        [sys.executable, "-c", LINT, "--no-cache", *options],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the packages that may be spoilt."""
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package,
            tmp_path / package,
            ignore=lambda _, names: [
                name for name in names if "." in name and not name.endswith(".py")
            ],
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_boundary_holds() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout


def test_every_service_has_its_own_exhaustive_contract() -> None:
    of_services = {
        contract["containers"][0]
        for contract in CONTRACTS
        if contract.get("exhaustive") and len(contract["containers"]) == 1
    }
    assert SERVICES == ["intake", "notifier", "router"]
    assert of_services == {"shared", "deploy", *(f"services.{name}" for name in SERVICES)}


BREAKS = [
    ("storeys", "shared/lifecycle.py", "import services.intake.domain"),
    ("storeys", "shared/runtime/outbox.py", "import deploy.local"),
    ("storeys", "services/router/domain/__init__.py", "import deploy.city"),
    ("services-apart", "services/intake/domain/__init__.py", "import services.router.domain"),
    (
        "services-apart",
        "services/notifier/store/deadlines.py",
        "import services.intake.store.tickets",
    ),
    ("intake", "services/intake/store.py", "import services.intake.app"),
    ("intake", "services/intake/domain/__init__.py", "import services.intake.store.tickets"),
    ("intake", "services/intake/unheard_of.py", '"""A module that has no place yet."""'),
    ("router", "services/router/store/whistles.py", "import services.router.api"),
    ("router", "services/router/unheard_of.py", '"""A module that has no place yet."""'),
    ("notifier", "services/notifier/domain/__init__.py", "import services.notifier.metrics"),
    ("notifier", "services/notifier/unheard_of.py", '"""A module that has no place yet."""'),
    (
        "auditor",
        "services/notifier/domain/audit/life.py",
        "from services.notifier.domain import promises",
    ),
    ("auditor", "services/notifier/audit.py", "from services.notifier.store import deadlines"),
    ("drivers", "services/router/store/whistles.py", "import asyncpg"),
    ("drivers", "services/intake/handlers.py", "from aiokafka import AIOKafkaConsumer"),
    ("drivers", "shared/web/app.py", "from faststream.kafka import KafkaBroker"),
    ("pure", "services/router/domain/__init__.py", "import asyncpg"),
    ("pure", "services/intake/domain/__init__.py", "from shared.runtime import database"),
    ("pure", "services/notifier/domain/__init__.py", "import asyncio"),
    ("pure", "shared/contracts/whistles.py", "import fastapi"),
    ("pure", "shared/calendar.py", "import httpx"),
    ("pure", "shared/lifecycle.py", "import structlog"),
    ("pure", "shared/catalogue/model.py", "import aiokafka"),
    ("files", "services/router/domain/__init__.py", "import pathlib"),
    ("files", "services/intake/domain/__init__.py", "import time"),
    ("files", "shared/catalogue/model.py", "import os"),
    ("shared", "shared/errors.py", "from shared import calendar"),
    ("shared", "shared/contracts/ids.py", "from shared import errors"),
    ("shared", "shared/catalogue/load.py", "from shared.runtime import clock"),
    ("shared", "shared/runtime/clock.py", "from shared.web import identity"),
    ("shared", "shared/unheard_of.py", '"""A module that has no place yet."""'),
    ("deploy", "deploy/city/settings.py", "from deploy.cli import main"),
    ("deploy", "deploy/unheard_of.py", '"""A module that has no place yet."""'),
    ("city-outside", "deploy/city/settings.py", "import services.router.domain"),
]


@pytest.mark.parametrize(("contract", "name", "line"), BREAKS)
def test_the_boundary_notices(checkout: Path, contract: str, name: str, line: str) -> None:
    path = checkout / name
    assert path.parent.is_dir()
    with path.open("a") as file:
        file.write(f"\n{line}\n")
    done = lint(checkout, contract)
    assert done.returncode == 1, done.stdout
    assert "1 broken" in done.stdout


def test_each_boundary_is_broken_above_at_least_once() -> None:
    assert {contract for contract, _, _ in BREAKS} == {contract["id"] for contract in CONTRACTS}
