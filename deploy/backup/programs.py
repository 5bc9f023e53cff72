"""Runs pg_dump and pg_restore, which come with the server's programs."""

import asyncio
import os
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from deploy.local.errors import StackError
from deploy.local.pg_binaries import Binaries


async def dump(dsn: str, file: Path, *, snapshot: str) -> None:
    """The whole database as it was at that snapshot, in PostgreSQL's own format."""
    await _run("pg_dump", dsn, "--format=custom", f"--snapshot={snapshot}", f"--file={file}")


async def restore(file: Path, dsn: str) -> None:
    """Into an empty database, all owned by whoever signs in; rights are given by a migration."""
    await _run("pg_restore", dsn, "--no-owner", "--no-acl", "--exit-on-error", str(file))


async def _run(program: str, dsn: str, *arguments: str) -> None:
    """A password is neither on the command line nor in a file."""
    address, password = _without_password(dsn)
    process = await asyncio.create_subprocess_exec(
        str(Binaries.find().folder / program),
        *(f"--dbname={address}", "--no-password", *arguments),
        env={**os.environ, "PGPASSWORD": password},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    if process.returncode != 0:
        words = said.decode(errors="replace").strip()[-600:]
        raise StackError(f"{program} 失败：{words}", f"{program} failed: {words}")


def _without_password(dsn: str) -> tuple[str, str]:
    server = urlsplit(dsn)
    user, _, host = server.netloc.rpartition("@")
    netloc = f"{user.partition(':')[0]}@{host}"
    return urlunsplit(server._replace(netloc=netloc)), unquote(server.password or "")
