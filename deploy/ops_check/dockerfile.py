"""The image: hadolint's rules and ours, and that what it copies is there and is sent along."""

import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

from deploy.ops_check.beside import ask

FILE: Final = Path("deploy/Dockerfile")
IGNORED: Final = Path(".dockerignore")
_STAGE: Final = re.compile(r"^FROM .*", re.MULTILINE)
_COPY: Final = re.compile(r"^COPY (?!--from)(.+)$", re.MULTILINE)
_BASE: Final = re.compile(r"^ARG PYTHON_IMAGE=(\S+)$", re.MULTILINE)


def check(folder: Path) -> list[str]:
    """What is wrong with the image's file, in words."""
    text = (folder / FILE).read_text("utf-8")
    linted = ask("hadolint", "--no-color", FILE, folder=folder)
    said = [linted.fault or linted.output.strip()] if linted.fault or linted.output.strip() else []
    return [*said, *_base(text), *_last_stage(text), *_copied(folder, text)]


def _base(text: str) -> Iterator[str]:
    """Both stages start from one base with a tag that says a version."""
    base = _BASE.search(text)
    if base is None or not re.search(r":\d+\.\d+|@sha256:", base.group(1)):
        yield f"{FILE}: the base image has no version"
    if set(re.findall(r"^FROM (\S+)", text, re.MULTILINE)) != {"${PYTHON_IMAGE}"}:
        yield f"{FILE}: every stage starts from PYTHON_IMAGE"
    if "--require-hashes" not in text or "npm ci" not in text:
        yield f"{FILE}: what is installed is not held to the lock"


def _last_stage(text: str) -> Iterator[str]:
    last = _STAGE.split(text)[-1]
    user = re.findall(r"^USER (\S+)", last, re.MULTILINE)
    if not user or not re.fullmatch(r"[1-9]\d*:[1-9]\d*", user[-1]):
        yield f"{FILE}: the image does not end as a user with a number of its own"
    for word in ("HEALTHCHECK", "LABEL", "EXPOSE 8000", "SHAODAO_HTTP_PORT=8000"):
        if word not in last:
            yield f"{FILE}: {word} is missing"


def _copied(folder: Path, text: str) -> Iterator[str]:
    """Every file that a stage takes from the project is there and not held back."""
    rules = (folder / IGNORED).read_text("utf-8").splitlines()
    for line in _COPY.findall(text):
        for source in line.split()[:-1]:
            if not (folder / source).exists():
                yield f"{FILE}: copies {source}, which does not exist"
            elif is_ignored(source, rules):
                yield f"{IGNORED}: holds back {source}, which {FILE} copies"


def is_ignored(path: str, rules: list[str]) -> bool:
    """Whether a file stays at home: the last rule that fits it, or a folder of it, counts."""
    ignored = False
    parts = path.split("/")
    ancestors = ["/".join(parts[:length]) for length in range(1, len(parts) + 1)]
    for rule in (each.strip() for each in rules):
        if not rule or rule.startswith("#"):
            continue
        pattern = rule.lstrip("!").removeprefix("**/")
        if any(fnmatch(each, pattern) for each in ancestors):
            ignored = not rule.startswith("!")
    return ignored
