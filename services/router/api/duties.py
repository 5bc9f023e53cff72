"""The duty list over HTTP: its versions and rows to read, and what each version changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query

from services.router import duties
from services.router.api.edge import Context
from services.router.domain.duty.rows import DutyRow
from services.router.domain.duty.version import DutyVersion, Tried, VersionState
from services.router.store import duties as store
from shared.web.description import MISSING
from shared.web.identity import Caller, allow

router = APIRouter(prefix="/api/v1", tags=["duties"])

Reading = Annotated[Caller, Depends(allow("duties.see"))]
Drafting = Annotated[Caller, Depends(allow("duties.draft"))]
Publishing = Annotated[Caller, Depends(allow("duties.publish"))]
Number = Annotated[int, Query(ge=1, le=1_000_000)]
Version = Annotated[int, Path(ge=1, le=1_000_000)]
ROWS_PATH: Final = "/api/v1/duties/rows"
ROWS_BODIES: Final[Mapping[str, int]] = {ROWS_PATH: 16_000_000}  # a whole list in one request


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionItem:
    """A version of the list; `edits` is what a change names as `seen`."""

    version: int
    state: VersionState
    based_on: int | None
    note: str
    drafted_by: str
    drafted_at: datetime
    editors: tuple[str, ...]
    edits: int
    tried: Tried | None
    published_by: str | None
    published_at: datetime | None

    @staticmethod
    def of(version: DutyVersion) -> "VersionItem":
        """As it is shown."""
        return VersionItem(
            version=version.version,
            state=version.state,
            based_on=version.based_on,
            note=version.note,
            drafted_by=version.drafted_by,
            drafted_at=version.drafted_at,
            editors=version.editors,
            edits=version.edits,
            tried=version.tried,
            published_by=version.published_by,
            published_at=version.published_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyItem:
    """A row: who is called for a category, or all that a function leads, in a region."""

    duty_id: UUID
    subject: str
    region: str
    condition: str
    unit: str
    clause: str
    valid_from: date
    valid_to: date | None

    @staticmethod
    def of(row: DutyRow) -> "DutyItem":
        """As it is shown."""
        duty = row.duty
        return DutyItem(
            duty_id=row.duty_id,
            subject=duty.subject,
            region=duty.region,
            condition=duty.condition.text if duty.condition else "",
            unit=duty.unit,
            clause=duty.clause,
            valid_from=duty.valid_from,
            valid_to=duty.valid_to,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyPage:
    """Rows of a version, in order; `next` is the cursor of those that follow.

    `applied`: the version that this copy of the router goes by now.
    """

    version: VersionItem
    applied: int
    items: list[DutyItem]
    total: int
    next: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionPage:
    """Versions, newest first."""

    items: list[VersionItem]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A row before and after."""

    old: DutyItem
    new: DutyItem


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How a version differs from the one it was drafted from."""

    added: list[DutyItem]
    changed: list[Changed]
    removed: list[DutyItem]


@router.get("/duties", responses={404: MISSING})
async def list_duties(
    here: Context,
    caller: Reading,
    version: Number | None = None,
    subject: str | None = None,
    region: Annotated[str | None, Query(description="rows for it and all within")] = None,
    unit: str | None = None,
    cursor: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=5000)] = 500,
) -> DutyPage:
    """Rows of a version, by default of the published one."""
    async with here.runtime.pool.acquire() as connection:
        found = await duties.find(connection, version)
        rows = await store.rows_of(connection, found.version)
    wanted = [
        row
        for row in rows
        if (subject is None or row.duty.subject == subject)
        and (region is None or row.duty.region.startswith(region))
        and (unit is None or row.duty.unit == unit)
    ]
    shown = wanted[cursor : cursor + limit]
    after = cursor + len(shown)
    return DutyPage(
        version=VersionItem.of(found),
        applied=here.city.duty_version,
        items=[DutyItem.of(row) for row in shown],
        total=len(wanted),
        next=after if after < len(wanted) else None,
    )


@router.get("/duties/versions")
async def list_versions(
    here: Context, caller: Reading, limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> VersionPage:
    """The versions, newest first."""
    async with here.runtime.pool.acquire() as connection:
        found = await store.versions(connection, limit)
    return VersionPage(items=[VersionItem.of(each) for each in found])


@router.get("/duties/versions/{version}/changes")
async def get_changes(version: Version, here: Context, caller: Reading) -> Difference:
    """How a version differs from the one it was drafted from."""
    async with here.runtime.pool.acquire() as connection:
        found = await duties.difference(connection, version)
    return Difference(
        added=[DutyItem.of(row) for row in found.added],
        changed=[Changed(old=DutyItem.of(old), new=DutyItem.of(new)) for old, new in found.changed],
        removed=[DutyItem.of(row) for row in found.removed],
    )
