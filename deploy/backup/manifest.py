"""What a backup says of itself: when, of what, how much, and the hashes of its files."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from deploy.backup.contents import TableSum
from deploy.backup.kafka_state import Places
from deploy.local.data_folder import write_private
from deploy.local.errors import StackError

NAME: Final = "manifest.json"
FORMAT: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Dump:
    """One service's database: its file, and what was in it at that moment."""

    file: str
    sha256: str
    file_bytes: int
    database_bytes: int
    server: str
    migrations: tuple[str, ...]
    tables: dict[str, TableSum]
    outbox_rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Something that must be kept as well and is not in the backup."""

    what: str
    where: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A whole backup; `heard` was read before the databases, so that it is never too far."""

    made_at: datetime
    domain_at: datetime
    version: str
    dumps: dict[str, Dump]
    heard: dict[str, Places] = field(default_factory=dict)
    ends: Places = field(default_factory=dict)
    besides: tuple[Beside, ...] = ()

    def write(self, folder: Path) -> None:
        """Last of all: a backup without it is none."""
        write_private(folder / NAME, json.loads(json.dumps(self._plain(), default=str)))

    def _plain(self) -> dict[str, Any]:
        return {"format": FORMAT, **asdict(self)}

    @staticmethod
    def read(folder: Path) -> "Manifest":
        """StackError for a folder that holds no finished backup of this format."""
        file = folder / NAME
        if not file.exists():
            raise StackError(
                f"{folder} 中没有 {NAME}：不是完整的备份。", f"no {NAME} in {folder}: no backup"
            )
        found = json.loads(file.read_text("utf-8"))
        if found.pop("format") != FORMAT:
            raise StackError("备份的格式与本版本不符。", "the backup is of another format")
        return Manifest(
            made_at=datetime.fromisoformat(found["made_at"]),
            domain_at=datetime.fromisoformat(found["domain_at"]),
            version=found["version"],
            dumps={service: _dump(each) for service, each in found["dumps"].items()},
            heard=found["heard"],
            ends=found["ends"],
            besides=tuple(Beside(**each) for each in found["besides"]),
        )

    def damaged(self, folder: Path) -> list[str]:
        """The files that are missing or not as they were written."""
        return [
            dump.file
            for dump in self.dumps.values()
            if not (folder / dump.file).exists() or sha256(folder / dump.file) != dump.sha256
        ]


def _dump(found: dict[str, Any]) -> Dump:
    tables = {name: TableSum(**each) for name, each in found.pop("tables").items()}
    migrations = tuple(found.pop("migrations"))
    return Dump(**found, tables=tables, migrations=migrations)


def sha256(file: Path) -> str:
    """The hash of a file of any size."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
