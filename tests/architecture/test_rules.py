"""The house rules hold, and each of them notices when it is broken."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.architecture import rules

ROOT = Path(__file__).parents[2]
Rule = Callable[[Path], list[str]]
RULES: list[Rule] = [
    rules.captions,
    rules.inits,
    rules.labels,
    rules.glossary,
    rules.lateness,
    rules.lengths,
    rules.names,
    rules.wall_clock,
    rules.sql_clock,
    rules.statements,
    rules.locks,
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_rule_holds(rule: Rule) -> None:
    assert rule(ROOT) == []


def test_no_file_names_a_registry_or_a_machine() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    files = [ROOT / name for name in listed.stdout.split("\0") if name]
    assert len(files) > 100
    assert rules.places(ROOT, [path for path in files if path.is_file()]) == []


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """A small checkout in which every rule holds."""
    for package in rules.PACKAGES:
        _write(tmp_path / package / "__init__.py", '"""A package."""\n')
    _write(
        tmp_path / "shared" / "store.py",
        '"""The store."""\n\nSQL = queries("queries.sql")\nSQL.find_all\n',
    )
    _write(tmp_path / "shared" / "sql" / "queries.sql", "-- name: find_all\nselect $1;\n")
    _write(
        tmp_path / "package-lock.json",
        '{"packages": {"": {}, "a": {"integrity": "sha512-x", "funding": {"url": "https://b"}}}}',
    )
    _write(
        tmp_path / "shared" / "GLOSSARY.md",
        "| 中文 | in code |\n| 全部 | `find_all` |\n\n## Later\n\n| 以后 | `not_yet` |\n",
    )
    _write(tmp_path / "requirements.lock", "aiokafka==0.14.0 --hash=sha256:00\n")
    for rule in RULES:
        assert rule(tmp_path) == []
    return tmp_path


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


BREAKS: list[tuple[Rule, str, str, str]] = [
    (rules.captions, "shared/a.py", "x = 1\n", "has no docstring"),
    (rules.captions, "shared/a.py", '"""What it is for"""\n', "no sentence"),
    (rules.captions, "shared/a.py", '"""Begins a sentence that\n\ngoes on."""\n', "no sentence"),
    (rules.captions, "shared/deep/a.py", '"""A module."""\n', "shared/deep: has no __init__.py"),
    (rules.inits, "shared/__init__.py", '"""A package."""\nfrom shared import a\n', "more than"),
    (
        rules.labels,
        "shared/a.py",
        '"""Colours."""\nclass Colour(StrEnum):\n    RED = "red"  # like blood\n',
        "Colour.RED",
    ),
    (rules.glossary, "shared/GLOSSARY.md", "| 哨单 | `wistle` | a call |\n", "`wistle`"),
    (rules.lateness, "services/x/strings/a.zh-CN.toml", 'late = "已逾期"\n', "a.zh-CN.toml: 逾期"),
    (rules.lateness, "shared/a.py", '"""Late."""\nLATE = "超期"\n', "shared/a.py: 超期"),
    (rules.lengths, "shared/a.py", '"""Long."""\n' + "x = 1\n" * 400, "401 lines"),
    (
        rules.lengths,
        "shared/a.py",
        '"""Long."""\nasync def f():\n' + "    x = 1\n" * 60,
        "f has 61 lines",
    ),
    (rules.names, "services/x/utils.py", '"""Utilities."""\n', "services/x/utils.py"),
    (rules.names, "services/core/a.py", '"""Core."""\n', "services/core/a.py"),
    (rules.names, "shared/ticket_manager.py", '"""Manages."""\n', "ticket_manager"),
    (rules.wall_clock, "shared/a.py", "import datetime\ndatetime.datetime.now()\n", "now"),
    (rules.wall_clock, "shared/a.py", "now = datetime.utcnow\n", "utcnow"),
    (rules.wall_clock, "services/a.py", "import time\nx = time.time()\n", "time.time"),
    (rules.sql_clock, "shared/sql/queries.sql", "-- name: find_all\nselect now();\n", "now()"),
    (
        rules.sql_clock,
        "services/x/sql/migrations/0001.sql",
        "create table a (at timestamptz default CURRENT_TIMESTAMP);",
        "CURRENT_TIMESTAMP",
    ),
    (rules.statements, "shared/sql/queries.sql", "-- name: other\nselect 1;\n", "find_all is used"),
    (
        rules.statements,
        "shared/sql/queries.sql",
        "-- name: find_all\nselect 1;\n-- name: other\nselect 2;\n",
        "other is used nowhere",
    ),
    (rules.locks, "requirements.lock", "-i https://mirror.example/simple\n", "mirror.example"),
    (
        rules.locks,
        "package-lock.json",
        '{"packages": {"a": {"integrity": "x", "resolved": "https://b/a.tgz"}}}',
        "a names a host",
    ),
    (rules.locks, "package-lock.json", '{"packages": {"a": {}}}', "a has no hash"),
    (rules.locks, "deploy/local/jars.lock.toml", 'url = "https://repo.example"\n', "repo.example"),
]


@pytest.mark.parametrize(("rule", "name", "text", "words"), BREAKS)
def test_the_rule_notices(sound: Path, rule: Rule, name: str, text: str, words: str) -> None:
    _write(sound / name, text)
    assert words in "\n".join(rule(sound))


def test_a_host_or_a_folder_of_a_machine_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("pip install -i " + "pypi" + ".org/simple, see " + "/ro" + "ot/x")
    assert len(rules.places(tmp_path, [path])) == 2
