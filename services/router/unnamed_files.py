"""Lets go of files that no whistle named within a week, and of the bytes that nobody refers to.

A file is of a whistle when it was uploaded for it, or a report, a blow or an acceptance names it.
"""

import asyncio
from datetime import datetime, timedelta
from typing import Final

from services.router import metrics
from services.router.store import files as store
from shared.errors import UnavailableError
from shared.runtime.database import is_transient
from shared.runtime.logging import logger
from shared.runtime.service import Runtime
from shared.uploads.objects import ObjectStore

log = logger(__name__)
UNNAMED_KEPT: Final = timedelta(days=7)  # as long as a draft
LOOK_SECONDS: Final = 600.0
AT_A_TIME: Final = 200


async def let_go(runtime: Runtime, objects: ObjectStore, *, now: datetime) -> int:
    """Remove what nobody named, rows first; how many objects were deleted."""
    last = AT_A_TIME
    while last == AT_A_TIME:
        async with runtime.transaction() as connection:
            last = await store.remove_unnamed(
                connection, before=now - UNNAMED_KEPT, limit=AT_A_TIME
            )
        metrics.FILES.labels("unnamed").inc(last)
    deleted = 0
    while (taken := await _delete_leftover(runtime, objects)) is not None:
        deleted += taken
    return deleted


async def _delete_leftover(runtime: Runtime, objects: ObjectStore) -> int | None:
    """Delete one object, None when there are no more; the transaction holds its name till then."""
    async with runtime.transaction() as connection:
        leftover = await store.take_leftover(connection)
        if leftover is None:
            return None
        sha256, is_unused = leftover
        if is_unused:
            await objects.delete(sha256)
        return int(is_unused)


async def let_go_for_ever(runtime: Runtime, objects: ObjectStore) -> None:
    """`let_go` every ten minutes; what is away is tried again."""
    while True:
        try:
            await let_go(runtime, objects, now=runtime.clock.now())
        except UnavailableError as error:
            log.warning("files_not_let_go", error=repr(error.__cause__ or error))
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("files_not_let_go", error=repr(error))
        await asyncio.sleep(LOOK_SECONDS)
