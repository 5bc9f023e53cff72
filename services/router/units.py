"""Units that come, change and go while the city runs (CONTRACTS §4h).

A new one is declared first; `shaodao topics apply` makes its topics and rights and says that it is
reachable; only then is it whistled. A removed one is whistled no more, and its running work goes to
those above it (`rehome`).
"""

from dataclasses import replace
from datetime import datetime

from services.router.declare import declared
from services.router.domain.city import City
from services.router.domain.outcome import words_text
from services.router.domain.units.known import (
    KnownUnit,
    NewUnit,
    Removal,
    UnitChange,
    added,
    changed,
    removed,
)
from services.router.store import duties as duty_store
from services.router.store import units as store
from shared.catalogue.model import Unit
from shared.contracts.parts import Actor
from shared.errors import NotFoundError
from shared.runtime import history, outbox
from shared.runtime.database import Connection


async def add(
    connection: Connection, new: NewUnit, *, actor: Actor, city: City, now: datetime
) -> KnownUnit:
    """A unit that is not reachable yet; raises ConflictError, InvalidError naming wrong fields."""
    await store.lock(connection)
    unit = added(new, await store.known(connection), city.catalogue.regions)
    fresh = KnownUnit(
        unit=unit, active=True, reachable=False, seq=0, history_hash=history.FIRST_HASH
    )
    return await _save(connection, None, fresh, "declared", actor, city, now)


async def change(
    connection: Connection,
    code: str,
    wanted: UnitChange,
    *,
    actor: Actor,
    city: City,
    now: datetime,
) -> KnownUnit:
    """Change what a unit is called, serves or stands below; raises NotFoundError and the like."""
    await store.lock(connection)
    units = await store.known(connection)
    before = _find(units, code)
    unit = changed(before, wanted, units, city.catalogue.regions)
    return await _save(connection, before, replace(before, unit=unit), "changed", actor, city, now)


async def reached(
    connection: Connection, code: str, *, actor: Actor, city: City, now: datetime
) -> KnownUnit:
    """Its topics and rights exist: it may be whistled. The same again changes nothing."""
    await store.lock(connection)
    before = _find(await store.known(connection), code)
    if before.reachable:
        return before
    after = replace(before, reachable=True)
    return await _save(connection, before, after, "reachable", actor, city, now)


async def remove(
    connection: Connection,
    code: str,
    removal: Removal,
    *,
    actor: Actor,
    city: City,
    now: datetime,
) -> KnownUnit:
    """No new whistles from now on; raises NotFoundError, ConflictError."""
    await store.lock(connection)
    units = await store.known(connection)
    before = _find(units, code)
    after = removed(before, units, removal, now)
    return await _save(connection, before, after, "removed", actor, city, now)


def _find(units: dict[str, KnownUnit], code: str) -> KnownUnit:
    found = units.get(code)
    if found is None:
        raise NotFoundError(f"没有单位 {code}", f"there is no unit {code}")
    return found


async def _save(
    connection: Connection,
    before: KnownUnit | None,
    after: KnownUnit,
    what: str,
    actor: Actor,
    city: City,
    now: datetime,
) -> KnownUnit:
    entry = history.entry(
        after.aggregate_id,
        seq=after.seq + 1,
        at=now,
        what=what,
        actor=actor,
        before=_text(before) if before is not None else None,
        after=_text(after),
        policy=city.version,
        previous_hash=after.history_hash,
    )
    saved = replace(after, seq=entry.seq, history_hash=entry.hash)
    await (store.add if before is None else store.update)(connection, saved)
    await duty_store.city_changed(connection)
    await history.add(connection, [entry])
    await outbox.put(connection, [declared(saved, now)])
    return saved


def _text(known: KnownUnit) -> str:
    unit: Unit = known.unit
    return words_text(
        code=unit.code,
        name=unit.name,
        parent=unit.parent,
        level=unit.level,
        kind=unit.kind,
        function_codes=list(unit.function_codes),
        region=unit.region_code,
        can_whistle=unit.can_whistle,
        duty_24h=unit.duty_24h,
        population=unit.population,
        active=known.active,
        reachable=known.reachable,
        removed_why=known.removed_why,
    )
