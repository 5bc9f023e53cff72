"""A first rota: units of the catalogue, and people of a CSV file where nobody is on duty yet.

The columns are post, unit, region, name, sms, wecom. The file is taken once; then the tables are
the truth.
"""

import csv
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from services.notifier import rota
from services.notifier.domain.deadline import SYSTEM
from services.notifier.domain.telling.posts import Post
from services.notifier.persons import Addresses, Who
from services.notifier.roster import read
from services.notifier.rota import NewShift
from services.notifier.store import rota as store
from shared.catalogue.model import Catalogue
from shared.contracts.parts import Actor, Role
from shared.runtime.database import Connection
from shared.runtime.logging import logger
from shared.sealing import Seals

log = logger(__name__)
SEEDER: Final = Actor(role=Role.OPS, name=SYSTEM.role.value)


async def seed_units(connection: Connection, catalogue: Catalogue, *, city: str) -> None:
    """Where the units of the catalogue are; what `units` says of one comes over it."""
    known = [(u.code, u.name, u.region_code or city) for u in catalogue.units.values()]
    await store.seed_units(connection, sorted(known))


async def seed_rota(
    connection: Connection, file: Path, *, city: str, seals: Seals, now: datetime
) -> int:
    """Put the people of a file on duty where there is no shift at all; how many.

    Raises InvalidError, or KeyError or ValueError for a file that is none.
    """
    await store.lock(connection)
    if not await store.is_empty(connection):
        return 0
    wanted = list(read_rows(file))
    roster = await read(connection, now, city=city)
    made = await rota.add(connection, wanted, actor=SEEDER, now=now, seals=seals, roster=roster)
    log.info("rota_seeded", shifts=len(made.shift_ids))
    return len(made.shift_ids)


def read_rows(file: Path) -> Iterator[NewShift]:
    """The shifts of a file. Who is named twice at one place is one person."""
    known: set[tuple[str, str]] = set()
    with file.open(encoding="utf-8-sig", newline="") as rows:
        for row in csv.DictReader(rows):
            place = (row["unit"] or row["region"], row["name"])
            contact = Addresses(sms=row["sms"] or None, wecom=row["wecom"] or None)
            yield NewShift(
                post=Post(row["post"]),
                unit=row["unit"] or None,
                region=row["region"] or None,
                who=Who(name=row["name"], contact=None if place in known else contact),
            )
            known.add(place)
