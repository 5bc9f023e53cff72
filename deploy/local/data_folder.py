"""The folder of one stack: its data, secrets, clock, logs, and the lock of the one who runs it."""

import base64
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from deploy.local.broker_users import BrokerUsers
from deploy.local.errors import FolderInUseError, NotRunningError, StackError
from deploy.local.locks import held, is_held

PROJECT = Path(__file__).parents[2]
SERVICES = ("intake", "router", "notifier")


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """What a stack keeps to itself; made once a data folder."""

    token_secret: str
    vault_key: str
    postgres_password: str
    service_passwords: dict[str, str] = field(default_factory=dict)
    owner_passwords: dict[str, str] = field(default_factory=dict)  # of those who own the tables
    account_passwords: dict[str, str] = field(default_factory=dict)  # those made up, by login
    kafka_users: dict[str, str] = field(default_factory=dict)  # of the broker: node, admin

    @staticmethod
    def make() -> "Secrets":
        return Secrets(
            token_secret=secrets.token_urlsafe(48),
            vault_key=base64.b64encode(secrets.token_bytes(32)).decode(),
            postgres_password=secrets.token_urlsafe(24),
            service_passwords={name: secrets.token_urlsafe(24) for name in SERVICES},
            owner_passwords={name: secrets.token_urlsafe(24) for name in SERVICES},
            kafka_users=asdict(BrokerUsers.make()),
        )


@dataclass(frozen=True, slots=True)
class DataFolder:
    """Where everything of one stack lies."""

    path: Path

    @staticmethod
    def of(port_base: int, data: Path | None = None) -> "DataFolder":
        """The folder `data`, or the project's own for this port base."""
        return DataFolder((data or PROJECT / ".data" / str(port_base)).expanduser().resolve())

    @property
    def postgres(self) -> Path:
        return self.path / "postgres"

    @property
    def kafka(self) -> Path:
        return self.path / "kafka"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def photos(self) -> Path:
        return self.path / "photos"

    @property
    def files(self) -> Path:
        """What units upload as evidence; the router's."""
        return self.path / "files"

    @property
    def accounts(self) -> Path:
        """Who may sign in with a password; read by all services."""
        return self.path / "accounts.json"

    @property
    def clock(self) -> Path:
        return self.path / "clock.json"

    @property
    def alive(self) -> Path:
        """Touched every second while the stack runs."""
        return self.path / "alive"

    @property
    def stack(self) -> Path:
        """What `shaodao status` reads: addresses and processes of the stack."""
        return self.path / "stack.json"

    def secrets(self) -> Secrets:
        """The secrets of this folder, made (mode 0600) when there are none yet."""
        file = self.path / "secrets.json"
        if not file.exists():
            write_private(file, asdict(Secrets.make()))
        known = json.loads(file.read_text())
        if not known.get("owner_passwords"):  # a folder of before there were owners
            known["owner_passwords"] = {name: secrets.token_urlsafe(24) for name in SERVICES}
            write_private(file, known)
        return Secrets(**known)

    def broker_users(self) -> BrokerUsers | None:
        """The first users of this folder's broker; None when it was formatted without any."""
        users = self.secrets().kafka_users
        if not users and not (self.kafka / "data").exists():
            users = asdict(BrokerUsers.make())
            file = self.path / "secrets.json"
            write_private(file, {**json.loads(file.read_text()), "kafka_users": users})
        return BrokerUsers(**users) if users else None

    def wipe(self) -> None:
        """Empty the folder, but for the lock, which the caller holds."""
        for entry in self.path.iterdir():
            if entry.name == "lock":
                continue
            if entry.is_dir():
                shutil.rmtree(entry)
            else:
                entry.unlink()

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Be the only one who runs this folder; FolderInUseError when another does."""
        self.path.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            try:
                stack.enter_context(held(self.path / "lock"))
            except BlockingIOError:
                raise self._in_use() from None
            yield

    def _in_use(self) -> FolderInUseError:
        pid = self._holder()
        return FolderInUseError(
            f"数据目录 {self.path} 上已有一个 shaodao up 在运行（进程 {pid}）。"
            "请先停掉它，或用 --port-base / --data 另起一套。",
            f"another `shaodao up` (process {pid}) runs on {self.path}; stop it, or start a copy "
            "with --port-base or --data",
        )

    def _holder(self) -> str:
        return (self.path / "lock").read_text() or "?"

    def is_held(self) -> bool:
        """Whether a `shaodao up` runs on this folder now."""
        return is_held(self.path / "lock")

    def read_stack(self) -> dict[str, Any]:
        """What the running stack wrote about itself; NotRunningError when none runs."""
        found: dict[str, Any] = json.loads(self.stack.read_text()) if self.stack.exists() else {}
        # a file left by a killed supervisor has another's process id than the lock
        if not self.is_held() or str(found.get("supervisor")) != self._holder():
            raise NotRunningError(
                f"{self.path} 上没有正在运行的哨到（或仍在启动）。请先执行 shaodao up，"
                "或用 --port-base / --data 指明是哪一套。",
                f"no stack runs on {self.path} (or it is still starting); run `shaodao up`, or "
                "say which one with --port-base or --data",
            )
        return found

    def require_secrets(self) -> Secrets:
        """The secrets of a stack that was started before; NotRunningError when never."""
        if not (self.path / "secrets.json").exists():
            raise NotRunningError(
                f"{self.path} 还没有启动过哨到。请先执行 shaodao up，"
                "或用 --port-base / --data 指明是哪一套。",
                f"no stack was ever started on {self.path}; run `shaodao up` first",
            )
        return self.secrets()


def write_private(file: Path, content: dict[str, Any]) -> None:
    """Write JSON that only its owner reads, all or nothing."""
    if not file.parent.is_dir():
        raise StackError(f"目录 {file.parent} 不存在。", f"there is no folder {file.parent}")
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as out:
        json.dump(content, out, ensure_ascii=False, indent=1)
    draft.replace(file)
