"""The duty list's versions: drafted from the published one, edited, published, or discarded."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.router.domain.city import City
from services.router.domain.duty.rows import (
    Changes,
    DutyRow,
    Edits,
    RowWords,
    changes,
    digest,
    edited,
    faults,
    written,
)
from services.router.domain.duty.version import (
    DutyVersion,
    VersionCommand,
    VersionState,
    changes_text,
    must_differ,
    who,
)
from services.router.domain.outcome import words_text
from services.router.store import duties as store
from shared.contracts.ids import new_id
from shared.contracts.parts import Actor
from shared.errors import ConflictError, InvalidError, NotFoundError
from shared.runtime import history
from shared.runtime.database import Connection


async def find(connection: Connection, number: int | None, *, lock: bool = False) -> DutyVersion:
    """A version, by default the published one; raises NotFoundError."""
    if number is None:
        found = await store.in_state(connection, VersionState.PUBLISHED)
    else:
        found = await store.version(connection, number, lock=lock)
    if found is None:
        raise NotFoundError("没有这一版职责清单", "there is no such version of the duty list")
    return found


async def draft(
    connection: Connection, note: str, *, actor: Actor, city: City, now: datetime
) -> DutyVersion:
    """A draft with the rows of the published list; raises ConflictError while there is one."""
    published = await find(connection, None)
    # two who begin at once wait for each other
    published = await find(connection, published.version, lock=True)
    open_one = await store.in_state(connection, VersionState.DRAFT)
    if open_one is not None:
        raise ConflictError(
            f"已有草稿：第 {open_one.version} 版（{open_one.drafted_by}）",
            f"version {open_one.version} is a draft already, by {open_one.drafted_by}",
            code="exists",
            state=open_one.state,
            version=open_one.version,
        )
    new = DutyVersion(
        version=await store.next_number(connection),
        state=VersionState.DRAFT,
        based_on=published.version,
        note=note,
        drafted_by=who(actor),
        drafted_at=now,
        editors=(who(actor),),
        edits=0,
        seq=0,
        history_hash=history.FIRST_HASH,
    )
    new, entry = _told(new, "drafted", words_text(note=note), actor, city, now)
    await store.add_version(connection, new)
    await store.copy_rows(connection, published.version, new.version)
    await history.add(connection, [entry])
    return new


async def edit(
    connection: Connection,
    number: int,
    edits: Edits,
    *,
    seen: int | None,
    actor: Actor,
    city: City,
    now: datetime,
) -> DutyVersion:
    """Add, change, end and remove rows; raises InvalidError naming every wrong field."""

    def after(rows: Sequence[DutyRow]) -> Sequence[DutyRow]:
        return edited(rows, edits, city, _new_ids(now))

    return await change(connection, number, after, seen=seen, actor=actor, city=city, now=now)


async def write(
    connection: Connection,
    number: int,
    rows: Sequence[RowWords],
    *,
    seen: int | None,
    actor: Actor,
    city: City,
    now: datetime,
) -> DutyVersion:
    """Replace all rows of a draft by these; raises InvalidError naming every wrong field."""

    def after(before: Sequence[DutyRow]) -> Sequence[DutyRow]:
        return written(rows, before, city, _new_ids(now))

    return await change(connection, number, after, seen=seen, actor=actor, city=city, now=now)


async def change(
    connection: Connection,
    number: int,
    after: Callable[[Sequence[DutyRow]], Sequence[DutyRow]],
    *,
    seen: int | None,
    actor: Actor,
    city: City,
    now: datetime,
) -> DutyVersion:
    """Give a draft other rows; `seen`: the edit the caller last saw, if that matters."""
    before = await find(connection, number, lock=True)
    version = before.edited(who(actor), seen=seen)
    rows = await store.rows_of(connection, number)
    differs = changes(rows, after(rows))
    if not differs:
        return before
    version, entry = _told(version, "edited", changes_text(differs), actor, city, now)
    await store.change_rows(connection, number, differs)
    await store.update_version(connection, version)
    await history.add(connection, [entry])
    return version


async def discard(
    connection: Connection, number: int, *, actor: Actor, city: City, now: datetime
) -> DutyVersion:
    """Give a draft up; the proposals it took wait again."""
    version = await find(connection, number, lock=True)
    version = replace(version, state=version.after(VersionCommand.DISCARD))
    version, entry = _told(version, "discarded", None, actor, city, now)
    await store.update_version(connection, version)
    await store.give_proposals_back(connection, number)
    await history.add(connection, [entry])
    return version


async def publish(
    connection: Connection, number: int, note: str, *, actor: Actor, city: City, now: datetime
) -> DutyVersion:
    """The draft becomes the list, in every copy of the router within seconds.

    Raises ConflictError, ForbiddenError, or InvalidError when units or regions have gone since.
    """
    await store.city_changed(connection)
    version = (await find(connection, number, lock=True)).published(actor, note, now)
    old = await find(connection, version.based_on, lock=True)
    rows = await store.rows_of(connection, number)
    differs = changes(await store.rows_of(connection, old.version), rows)
    must_differ(differs)
    touched = [*differs.added, *(new for _, new in differs.changed)]
    named = {row.duty_id: f"rows.{place}" for place, row in enumerate(rows) if row in touched}
    if errors := list(faults(rows, city, named)):
        raise InvalidError(*errors)
    old = replace(old, state=old.after(VersionCommand.SUPERSEDE))
    old, ended = _told(old, "superseded", words_text(by=number), actor, city, now)
    after = changes_text(differs, digest(rows))
    version, entry = _told(version, "published", after, actor, city, now)
    await store.update_version(connection, old)
    await store.update_version(connection, version)
    await store.adopt_proposals(connection, number)
    await history.add(connection, [ended, entry])
    return version


async def difference(connection: Connection, number: int) -> Changes:
    """How a version differs from the one it was drafted from."""
    version = await find(connection, number)
    rows = await store.rows_of(connection, number)
    base = () if version.based_on is None else await store.rows_of(connection, version.based_on)
    return changes(base, rows)


def _told(
    version: DutyVersion, what: str, after: str | None, actor: Actor, city: City, now: datetime
) -> tuple[DutyVersion, history.Entry]:
    """The version with one more entry in its history."""
    entry = history.entry(
        version.aggregate_id,
        seq=version.seq + 1,
        at=now,
        what=what,
        actor=actor,
        before=None,
        after=after,
        policy=city.version,
        previous_hash=version.history_hash,
    )
    return replace(version, seq=entry.seq, history_hash=entry.hash), entry


def _new_ids(now: datetime) -> Iterator[UUID]:
    while True:
        yield new_id(now)
