"""What is to be backed up: a stack on this machine, or the environment's deployment."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from deploy.backup.manifest import Beside
from deploy.local.admin import Broker
from deploy.local.data_folder import SERVICES, DataFolder
from deploy.local.migrating import ADMIN
from deploy.local.platform import broker_of
from shared.runtime.secret_files import said
from shared.runtime.settings import KafkaSettings

KEYS_WHY = "没有它，库中密封的个人信息与签名密钥无法打开 / without it what is sealed stays sealed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the databases are, for one who may read them all, and Kafka, where it is reached."""

    databases: Mapping[str, str] = field(repr=False)  # service → an administrator's DSN
    broker: Broker | None = field(default=None, repr=False)
    prefix: str = ""
    clock: Path | None = None
    besides: tuple[Beside, ...] = ()


def stack_place(folder: DataFolder) -> Place:
    """A stack that runs on this machine."""
    stack, secrets = folder.read_stack(), folder.require_secrets()
    names = {s: urlsplit(stack["databases"][s]).path.removeprefix("/") for s in SERVICES}
    return Place(
        databases={s: _database(stack["postgres"], name) for s, name in names.items()},
        broker=broker_of(folder),
        prefix=stack["topic_prefix"],
        clock=folder.clock,
        besides=(
            _folder("photos", folder.photos),
            _folder("files", folder.files),
            Beside(
                what=f"vault keys, fingerprint {fingerprint(secrets.vault_key)}",
                where=str(folder.path / "secrets.json"),
                why=KEYS_WHY,
            ),
            Beside(what="accounts", where=str(folder.accounts), why="登录账号 / who may sign in"),
        ),
    )


def named_place(environ: Mapping[str, str] = os.environ) -> Place | None:
    """The deployment whose administrator's address the environment has; None when it has none."""
    admin = said(ADMIN, environ)
    if admin is None:
        return None
    has_kafka = bool(environ.get("SHAODAO_KAFKA_BOOTSTRAP"))
    return Place(
        databases={service: _database(admin, service) for service in SERVICES},
        broker=KafkaSettings() if has_kafka else None,
        prefix=environ.get("SHAODAO_TOPIC_PREFIX", ""),
        besides=(
            Beside(what="photos", where="SHAODAO_PHOTO_STORE", why="照片 / of residents"),
            Beside(what="files", where="SHAODAO_FILE_STORE", why="承办单位的佐证 / evidence"),
            Beside(what="vault keys", where="shaodao secrets", why=KEYS_WHY),
            Beside(what="accounts", where="SHAODAO_ACCOUNTS_FILE", why="登录账号 / accounts"),
        ),
    )


def fingerprint(key: str) -> str:
    """Tells two keys apart and nothing of either."""
    return hashlib.sha256(f"shaodao {key}".encode()).hexdigest()[:12]


def _database(admin_dsn: str, name: str) -> str:
    return urlunsplit(urlsplit(admin_dsn)._replace(path=f"/{quote(name)}"))


def _folder(what: str, path: Path) -> Beside:
    files = [each for each in path.rglob("*") if each.is_file()] if path.exists() else []
    size = sum(each.stat().st_size for each in files)
    return Beside(what=what, where=str(path), why=f"{len(files)} files, {size} bytes")
