"""Takes from requirements.lock what some packages need, with their hashes, for the image.

The lock holds everything that a developer has; an image needs the project's own dependencies and a
few more. Run before anything is installed, so it needs only the standard library:
`python locked.py PROJECT-FOLDER [NAME…] > part.lock`; with `--only` without the project's own.
"""

import re
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_PINNED = re.compile(r"^(?=[A-Za-z0-9])", re.MULTILINE)
_VIA = re.compile(r"^    #(?: via)? +(\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One entry of the lock: `text` as it stands there, `wanted_by` who needs it."""

    name: str
    text: str
    wanted_by: frozenset[str]


def pins(lock: str) -> list[Pin]:
    """All entries; a package with one version a Python has several."""
    found = []
    for text in _PINNED.split(lock):
        if name := _NAME.match(text):
            wanted_by = frozenset(plain(each) for each in _VIA.findall(text))
            found.append(Pin(name=plain(name.group()), text=text, wanted_by=wanted_by))
    return found


def part(lock: str, names: Iterable[str]) -> str:
    """The entries of `names` and of all they need; ValueError for one that is not locked."""
    all_pins = pins(lock)
    chosen = {plain(name) for name in names}
    if missing := chosen - {pin.name for pin in all_pins}:
        raise ValueError(f"not in the lock: {', '.join(sorted(missing))}")
    size = 0
    while len(chosen) > size:
        size = len(chosen)
        chosen |= {pin.name for pin in all_pins if pin.wanted_by & chosen}
    return "".join(pin.text for pin in all_pins if pin.name in chosen)


def own_dependencies(pyproject: str) -> list[str]:
    """What the project itself needs to run, without extras."""
    found = (_NAME.match(each) for each in tomllib.loads(pyproject)["project"]["dependencies"])
    return [name.group() for name in found if name]


def plain(name: str) -> str:
    """A package's name in the one spelling that compares."""
    return re.sub(r"[-_.]+", "-", name).lower()


def main(arguments: list[str]) -> None:
    """Write the part of the lock to standard output."""
    folder, *names = [each for each in arguments if each != "--only"]
    if "--only" not in arguments:
        names += own_dependencies((Path(folder) / "pyproject.toml").read_text("utf-8"))
    sys.stdout.write(part((Path(folder) / "requirements.lock").read_text("utf-8"), names))


if __name__ == "__main__":
    main(sys.argv[1:])
