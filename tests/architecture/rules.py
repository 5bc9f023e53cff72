"""The house rules as functions: each takes a checkout and says in words what breaks the rule."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

PACKAGES = ("services", "shared", "deploy")
MODULE_LINES = 400
FUNCTION_LINES = 60  # 30 is the aim; this is the end
REFUSED_NAMES = frozenset({"utils", "util", "helpers", "helper", "common", "core", "base", "misc"})
REFUSED_ENDINGS = ("_utils", "_helpers", "manager", "_base")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
OTHER_WORDS_FOR_LATE = ("逾期", "超期")
CLOCK = "shared/runtime/clock.py"
WALL_CLOCK = frozenset(
    {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"),
     ("time", "time"), ("time", "time_ns")}
)  # fmt: skip
SQL_CLOCK = re.compile(
    r"\bnow\s*\(|current_timestamp|current_date|current_time\b|localtime|clock_timestamp"
    r"|statement_timestamp|transaction_timestamp|timeofday|'(now|today|tomorrow|yesterday)'",
    re.IGNORECASE,
)
SQL_NAME = re.compile(r"^-- name: (\w+)\s*$", re.MULTILINE)
# Written in pieces, so that this file does not break its own rule.
PLACES = re.compile(
    "|".join(
        re.escape(first + second)
        for first, second in (
            ("pypi", ".org"), ("files.python", "hosted.org"), ("registry.npm", "js.org"),
            ("repo1.maven", ".org"), ("repo.maven.apache", ".org"), ("/ro", "ot/"),
            # the workbench itself has an address that begins like one of these
            ("/wo", "rk/"), ("/tmp", "/w/"),
        )
    )
)  # fmt: skip


def modules(root: Path) -> Iterator[tuple[str, Path]]:
    """Every Python file of the packages, by its path from the root."""
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            yield path.relative_to(root).as_posix(), path


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def captions(root: Path) -> list[str]:
    """Every module and package begins with a docstring whose first line is a sentence."""
    found = []
    for name, path in modules(root):
        first = (ast.get_docstring(_tree(path)) or "").split("\n")[0]
        if not first:
            found.append(f"{name}: has no docstring")
        elif not first.endswith(".") or not (first[0].isupper() or first[0] == "`"):
            found.append(f"{name}: its first line is no sentence: {first!r}")
    for package in PACKAGES:
        folders = {path.parent for _, path in modules(root) if package in path.parts}
        found += [
            f"{folder.relative_to(root).as_posix()}: has no __init__.py"
            for folder in sorted(folders)
            if not (folder / "__init__.py").exists()
        ]
    return found


def inits(root: Path) -> list[str]:
    """An `__init__.py` holds a docstring and nothing else."""
    return [
        f"{name}: holds more than a docstring"
        for name, path in modules(root)
        if path.name == "__init__.py" and len(_tree(path).body) != 1
    ]


def labels(root: Path) -> list[str]:
    """Every member of a choice of the domain has its Chinese label at the end of its line."""
    found = []
    for name, path in modules(root):
        if name.startswith("deploy/"):
            continue
        lines = path.read_text("utf-8").splitlines()
        for node in ast.walk(_tree(path)):
            if not isinstance(node, ast.ClassDef) or "StrEnum" not in map(ast.unparse, node.bases):
                continue
            for member in node.body:
                label = lines[member.lineno - 1].partition("#")[2]
                if isinstance(member, ast.Assign) and not CHINESE.search(label):
                    found.append(f"{name}: {node.name}.{ast.unparse(member.targets[0])}")
    return found


def glossary(root: Path) -> list[str]:
    """Every name that the glossary gives to a word stands in the code."""
    text = (root / "shared" / "GLOSSARY.md").read_text("utf-8").partition("\n## Later\n")[0]
    code = {
        word for _, path in modules(root) for word in re.findall(r"\w+", path.read_text("utf-8"))
    }
    rows = [row.split("|") for row in text.splitlines() if row.startswith("|")]
    return [
        f"{row[1].strip()}: `{name}` is nowhere in the code"
        for row in rows
        for name in re.findall(r"`(\w+)`", row[2])
        if name not in code
    ]


def lateness(root: Path) -> list[str]:
    """Past its due time is 超时, everywhere; what the catalogue or an article is about aside."""
    texts = [path for _, path in modules(root)]
    for package in PACKAGES:
        for folder in ("strings", "templates", "static", "words"):
            for path in (root / package).glob(f"**/{folder}/**/*.*"):
                if path.suffix in (".toml", ".html", ".js") and "vendor" not in path.parts:
                    texts.append(path)
    return [
        f"{path.relative_to(root).as_posix()}: {word}"
        for path in sorted(texts)
        for word in OTHER_WORDS_FOR_LATE
        if word in path.read_text("utf-8")
    ]


def lengths(root: Path) -> list[str]:
    """No module is longer than 400 lines, no function longer than 60."""
    found = []
    for name, path in modules(root):
        if (lines := len(path.read_text("utf-8").splitlines())) > MODULE_LINES:
            found.append(f"{name}: {lines} lines")
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES:
                    found.append(f"{name}: {node.name} has {lines} lines")
    return found


def names(root: Path) -> list[str]:
    """No file or folder whose name says nothing."""
    found = []
    for name, path in modules(root):
        parts = [*Path(name).parts[:-1], path.stem]
        if any(part in REFUSED_NAMES or part.endswith(REFUSED_ENDINGS) for part in parts):
            found.append(f"{name}: a name that says nothing")
    return found


def wall_clock(root: Path) -> list[str]:
    """Only the clock asks what time it is; deploy works on wall time and may."""
    found = []
    for name, path in modules(root):
        if name == CLOCK or name.startswith("deploy/"):
            continue
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.Attribute) and (_last(node.value), node.attr) in WALL_CLOCK:
                found.append(f"{name}:{node.lineno}: {ast.unparse(node)}")
    return found


def _last(node: ast.expr) -> str:
    """The last name of `datetime`, `datetime.datetime`, …"""
    return ast.unparse(node).rpartition(".")[2]


def sql_clock(root: Path) -> list[str]:
    """SQL never asks what time it is: `now` is a parameter."""
    found = []
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.sql")):
            for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
                if SQL_CLOCK.search(line.partition("--")[0]):
                    found.append(f"{path.relative_to(root).as_posix()}:{number}: {line.strip()}")
    return found


def statements(root: Path) -> list[str]:
    """Every named statement is used by the package it belongs to, and every used one exists."""
    files: dict[Path, list[Path]] = {}  # of one owner; a noun may have a file of its own
    for package in PACKAGES:
        for path in sorted((root / package).rglob("sql/*.sql")):
            files.setdefault(path.parent.parent, []).append(path)
    found = []
    for owner, paths in files.items():
        used, known = _used(owner), set[str]()
        for path in paths:
            there = SQL_NAME.findall(path.read_text("utf-8"))
            where = path.relative_to(root).as_posix()
            found += [f"{where}: {name} is used nowhere" for name in sorted({*there} - used)]
            found += [f"{where}: {name} is there twice" for name in sorted(known & {*there})]
            known |= {*there}
        where = (paths[0].parent).relative_to(root).as_posix()
        found += [f"{where}: {name} is used and not there" for name in sorted(used - known)]
    return found


def _used(owner: Path) -> set[str]:
    """The statements that modules of a package take from the result of `queries(…)`."""
    trees = [_tree(path) for path in owner.rglob("*.py")]
    holders = {
        target.id
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and _last_called(node.value) == "queries"
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return {
        node.attr
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in holders
    }


def _last_called(node: ast.expr) -> str:
    return _last(node.func) if isinstance(node, ast.Call) else ""


def locks(root: Path) -> list[str]:
    """Lock files pin by hash and name no host: mirrors come from the user's own settings."""
    found = []
    for path in sorted({*root.glob("*.lock"), *(root / "deploy").rglob("*.lock*")}):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if "://" in line or line.lstrip().startswith(("-i ", "--index", "--extra-index")):
                found.append(f"{path.name}:{number}: {line.strip()}")
    lock = root / "package-lock.json"
    if lock.exists():
        for name, package in json.loads(lock.read_text("utf-8"))["packages"].items():
            said = {key: value for key, value in package.items() if key != "funding"}
            if "resolved" in said or "://" in json.dumps(said):
                found.append(f"{lock.name}: {name} names a host")
            if name and "integrity" not in said:
                found.append(f"{lock.name}: {name} has no hash")
    return found


def places(root: Path, files: list[Path]) -> list[str]:
    """No file names a package registry's host or a folder of somebody's machine."""
    found = []
    for path in files:
        text = path.read_text("utf-8", errors="replace")
        found += [f"{path.relative_to(root).as_posix()}: {word}" for word in PLACES.findall(text)]
    return found
