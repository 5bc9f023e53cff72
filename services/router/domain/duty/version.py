"""A version of the duty list: drafted from the published one, tried on past tickets, published.

There is one draft at a time, which everybody edits. Who publishes answers for it and is a
supervisor who edited nothing of it (four eyes); the list was tried since its last edit (DOMAIN §6).
"""

from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID, uuid5

from services.router.domain.duty.rows import Changes, DutyRow, cells
from services.router.domain.outcome import words_text
from shared.contracts.parts import Actor
from shared.errors import ConflictError, ForbiddenError, InvalidError
from shared.errors import FieldError as Wrong
from shared.lifecycle import Lifecycle
from shared.records import record

DUTIES: Final = UUID("d7f5a0d1-5f53-5f0f-8a5e-2c1d5d6c0a05")
"""The namespace of versions' and rows' ids: a version is known by its number."""
_MOST_TOLD: Final = 200  # rows of one change that the history names


class VersionState(StrEnum):
    DRAFT = "draft"  # 草稿
    PUBLISHED = "published"  # 现行
    SUPERSEDED = "superseded"  # 已被替代
    DISCARDED = "discarded"  # 已放弃


class VersionCommand(StrEnum):
    EDIT = "edit"  # 修改
    TRY = "try"  # 试算
    PUBLISH = "publish"  # 发布
    SUPERSEDE = "supersede"  # 被新版替代
    DISCARD = "discard"  # 放弃


_S: Final = VersionState
_C: Final = VersionCommand

VERSION: Final = Lifecycle[VersionState, VersionCommand](
    {
        (_S.DRAFT, _C.EDIT): _S.DRAFT,
        (_S.DRAFT, _C.TRY): _S.DRAFT,
        (_S.DRAFT, _C.PUBLISH): _S.PUBLISHED,
        (_S.DRAFT, _C.DISCARD): _S.DISCARDED,
        (_S.PUBLISHED, _C.SUPERSEDE): _S.SUPERSEDED,
    }
)
STATE_ZH: Final = {
    _S.DRAFT: "草稿",
    _S.PUBLISHED: "现行",
    _S.SUPERSEDED: "已被替代",
    _S.DISCARDED: "已放弃",
}


@record
class Tried:
    """A dry run as it is kept with its draft: of which edit, by whom, and what it found."""

    at: datetime
    by: str
    edits: int
    examined: int
    changed: int


@record
class DutyVersion:
    """A version without its rows; `seq` counts its history."""

    version: int
    state: VersionState
    based_on: int | None
    note: str
    drafted_by: str
    drafted_at: datetime
    editors: tuple[str, ...]
    edits: int
    seq: int
    history_hash: bytes
    tried: Tried | None = None
    published_by: str | None = None
    published_at: datetime | None = None

    @property
    def aggregate_id(self) -> UUID:
        """What its history is kept under."""
        return uuid5(DUTIES, str(self.version))

    def after(self, command: VersionCommand) -> VersionState:
        """Its state after a command; raises ConflictError where it is not allowed."""
        if not VERSION.allows(self.state, command):
            raise ConflictError(
                f"第 {self.version} 版当前为“{STATE_ZH[self.state]}”，不能进行此操作",
                f"version {self.version} is {self.state.value}: {command.value} is not allowed",
                code="wrong_state",
                state=self.state,
                version=self.edits,
            )
        return VERSION.next(self.state, command)

    def edited(self, who: str, *, seen: int | None) -> "DutyVersion":
        """After one more edit; ConflictError when somebody else edited since `seen`."""
        state = self.after(VersionCommand.EDIT)
        if seen is not None and seen != self.edits:
            raise ConflictError(
                "草稿已被他人修改，请先刷新",
                "somebody else has edited the draft since",
                code="stale",
                state=self.state,
                version=self.edits,
            )
        editors = tuple(dict.fromkeys((*self.editors, who)))
        return replace(self, state=state, edits=self.edits + 1, editors=editors)

    def published(self, actor: Actor, note: str, now: datetime) -> "DutyVersion":
        """Published; raises what forbids it: who edited it, or that it was never tried."""
        state = self.after(VersionCommand.PUBLISH)
        if not actor.name:
            raise ForbiddenError("请以实名账号发布", "only a named person may publish")
        if who(actor) in self.editors:
            raise ForbiddenError(
                "起草或修改过本稿的人不能自己发布，请另一位督办员发布",
                "who edited the draft may not publish it: another supervisor does",
            )
        if self.tried is None or self.tried.edits != self.edits:
            raise ConflictError(
                "最近一次修改之后还没有用历史工单试算，请先试算",
                "the draft was not tried on past tickets since its last edit: do a dry run first",
                code="not_tried",
                state=self.state,
                version=self.edits,
            )
        return replace(
            self, state=state, note=note or self.note, published_by=who(actor), published_at=now
        )


def who(actor: Actor) -> str:
    """Who drafts, edits, publishes: by name, a program by its role."""
    return actor.name or actor.role.value


def must_differ(changes: Changes) -> None:
    """InvalidError for a draft that says what the published list says."""
    if not changes:
        zh = "草稿与现行清单没有差别"
        raise InvalidError(Wrong(field="version", zh=zh, en="the draft changes nothing"))


def changes_text(changes: Changes, digest: str | None = None) -> str:
    """What changed, as the history keeps it: counts, the first rows, and a digest of all."""
    told = [["+", *_cells(row)] for row in changes.added]
    told += [["-", *_cells(row)] for row in changes.removed]
    told += [["~", *_cells(old), *_cells(new)[1:]] for old, new in changes.changed]
    return words_text(
        added=len(changes.added),
        changed=len(changes.changed),
        removed=len(changes.removed),
        rows=told[:_MOST_TOLD],
        rows_sha256=digest,
    )


def _cells(row: DutyRow) -> list[str]:
    return [str(row.duty_id), *(str(cell or "") for cell in cells(row.duty))]
