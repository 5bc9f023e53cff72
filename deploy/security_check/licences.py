"""The licences of everything that is locked, against the list of those that may be used."""

import importlib.metadata
import json
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from deploy.security_check.locks import Locked, locked

TABLE: Final = "deploy/security_check/licences.toml"
OURSELVES: Final = "shaodao"


def check(folder: Path) -> list[str]:
    """What has a licence that is not on the list, none at all, or a row that nothing needs."""
    table = tomllib.loads((folder / TABLE).read_text(encoding="utf-8"))
    allowed = frozenset(table["allowed"])
    faults, used = [], set()
    for each in locked(folder):
        if each.kind == "pypi":
            continue  # what is installed knows better than the lock
        name = each.name if each.group is None else f"{each.group}/{each.name}"
        own = table[each.kind].get(name if each.kind == "npm" else each.group)
        if own is not None:
            used.add((each.kind, name if each.kind == "npm" else each.group))
        if (licence := own or each.licence) not in allowed:
            faults.append(_told(each, licence))
    for name, licence in _installed().items():
        own = table["pypi"].get(name)
        if own is not None:
            used.add(("pypi", name))
        if (own or licence) not in allowed:
            faults.append(f"{name} (pypi): {(own or licence)[:60]}")
    rows = {(kind, name) for kind in ("npm", "maven", "pypi") for name in table[kind]}
    absent = {row for row in rows - used if row[0] != "pypi" or _is_here(row[1])}
    return sorted(faults) + [f"{name} ({kind}): no such thing is locked" for kind, name in absent]


def _installed() -> Mapping[str, str]:
    """The licence of each Python package, as its metadata have it."""
    words = ["--format=json", "--from=mixed", "--with-system"]
    said = subprocess.run(  # nosec B603
        [sys.executable, "-m", "piplicenses", *words], capture_output=True, text=True, check=True
    )
    rows: list[dict[str, Any]] = json.loads(said.stdout)
    return {row["Name"].lower(): row["License"].strip() for row in rows if row["Name"] != OURSELVES}


def _told(each: Locked, licence: str | None) -> str:
    return f"{each.purl}: {licence or 'no licence is told'}"


def _is_here(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False  # of another platform
    return True
