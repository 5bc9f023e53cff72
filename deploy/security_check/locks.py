"""What is locked: Python packages, what pages and tests take from npm, the jars of Kafka."""

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PYTHON, NPM, JARS = "requirements.lock", "package-lock.json", "deploy/local/kafka.lock.toml"
LOCKS: Final = (PYTHON, NPM, JARS)
_PINNED: Final = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """One thing at its version; `purl` is its name in the whole world."""

    kind: str  # pypi, npm, maven
    group: str | None
    name: str
    version: str
    licence: str | None = None

    @property
    def purl(self) -> str:
        group = f"{self.group.replace('@', '%40')}/" if self.group else ""
        return f"pkg:{self.kind}/{group}{self.name}@{self.version}"


def locked(folder: Path) -> list[Locked]:
    """Everything of the three locks, each once, by name."""
    found = [*_python(folder / PYTHON), *_npm(folder / NPM), *_jars(folder / JARS)]
    return sorted({each.purl: each for each in found}.values(), key=lambda each: each.purl)


def _python(lock: Path) -> Iterator[Locked]:
    for name, version in _PINNED.findall(lock.read_text()):
        yield Locked(kind="pypi", group=None, name=name.lower(), version=version)


def _npm(lock: Path) -> Iterator[Locked]:
    for path, package in json.loads(lock.read_text())["packages"].items():
        if not path:
            continue  # ourselves
        group, _, name = path.rpartition("node_modules/")[2].rpartition("/")
        licence = package.get("license")
        yield Locked(
            kind="npm",
            group=group or None,
            name=name,
            version=package["version"],
            licence=licence if isinstance(licence, str) else None,
        )


def _jars(lock: Path) -> Iterator[Locked]:
    for jar in tomllib.loads(lock.read_text())["dependencies"]:
        yield Locked(
            kind="maven", group=jar["groupId"], name=jar["artifactId"], version=jar["version"]
        )
