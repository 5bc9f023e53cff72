"""The audit over HTTP: the last runs, what they found, and the asking for another."""

from dataclasses import dataclass
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import Depends, Path, Query

from services.notifier import accept
from services.notifier.api.edge import Context
from services.notifier.domain.audit.found import MismatchKind
from services.notifier.store import audit as store
from services.notifier.store.audit import Kept, Run
from shared.runtime.clock import wall_now
from shared.web.commands import CommandRouter
from shared.web.identity import Caller, allow

router = CommandRouter(prefix="/api/v1", tags=["audit"])

RUNS: Final = 10
NEWEST: Final = 2**62
Auditing = Annotated[Caller, Depends(allow("audit.see"))]
Accepting = Annotated[Caller, Depends(allow("audit.accept"))]
State = Literal["open", "settled", "accepted", "all"]
_STATES: Final = {
    "open": ["open"],
    "settled": ["settled"],
    "accepted": ["accepted"],
    "all": ["open", "settled", "accepted"],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class KindCount:
    """How many mismatches of a kind are open."""

    kind: MismatchKind
    open: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """The last runs, the open mismatches by kind, and a page of mismatches, the newest first."""

    runs: list[Run]
    kinds: list[KindCount]
    open: int
    items: list[Kept]
    next: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskRun:
    """`whole`: every ticket and whistle, not only what was touched or fell due since."""

    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A run was asked for; it begins once no other is on its way. `after` is the last run now."""

    asked: bool
    after: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """Why a mismatch is understood, and may stay."""

    words: str


@router.get("/audit")
async def get_audit(
    here: Context,
    caller: Auditing,
    state: State = "open",
    kind: MismatchKind | None = None,
    cursor: Annotated[int, Query(ge=1, le=NEWEST)] = NEWEST,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> AuditPage:
    """What the auditor found; nothing of it was repaired by itself."""
    async with here.runtime.pool.acquire() as connection:
        runs = await store.runs(connection, limit=RUNS)
        counts = await store.open_by_kind(connection)
        found = await store.mismatches(
            connection, states=_STATES[state], kind=kind, before=cursor, limit=limit + 1
        )
    items = found[:limit]
    return AuditPage(
        runs=runs,
        kinds=[KindCount(kind=each, open=counts.get(each, 0)) for each in MismatchKind],
        open=sum(counts.values()),
        items=items,
        next=items[-1].mismatch_id if len(found) > limit else None,
    )


@router.post("/audit/runs", status_code=202)
async def post_run(body: AskRun, here: Context, caller: Auditing) -> Asked:
    """Ask for a run; who asked stands in its row."""
    async with here.runtime.pool.acquire() as connection:
        last = await store.runs(connection, limit=1)
    here.auditor.ask(caller.actor(), whole=body.whole)
    return Asked(asked=True, after=last[0].run_id if last else None)


@router.post("/audit/mismatches/{mismatch_id}/acceptances")
async def post_acceptance(
    here: Context,
    caller: Accepting,
    mismatch_id: Annotated[int, Path(ge=1, le=NEWEST)],
    body: Acceptance,
) -> Kept:
    """Accept a mismatch with the reason: it alarms no more, and stays on record."""
    async with here.runtime.transaction() as connection:
        return await accept.accept(
            connection, mismatch_id, words=body.words, actor=caller.actor(), wall=wall_now()
        )
