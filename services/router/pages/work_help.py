"""What the workbench knows beside a matter: what may be asked for, whose it is, whom to hand to."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from fastapi import Request

from services.router.context import RouterContext
from services.router.domain.city import City
from services.router.domain.dues import Promises
from services.router.domain.reports.evidence import EvidenceKind
from services.router.domain.workbench.asking import (
    Extending,
    Returning,
    WhyNot,
    disputable_until,
    extending,
    longest,
    returning,
    suspending,
)
from services.router.workbench import Opened
from shared.contracts.parts import SuspensionCode
from shared.contracts.reports import ReturnReason
from shared.web.accounts import Account
from shared.web.identity import Caller
from shared.web.sessions import Sessions

PHRASES = Path(__file__).parents[1] / "phrases.toml"
MOST_OWNERS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """A sentence of a reply with its blanks."""

    zh: str
    en: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A unit that the matter may belong to instead, with the clause that says so."""

    unit: str
    clause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Help:
    """What stands beside the forms of a matter."""

    extending: Extending | WhyNot
    most: tuple[int, str] | None  # of the next extension, as a report writes it
    suspending: WhyNot | None
    returning: Returning
    disputable_until: datetime | None
    owners: tuple[Owner, ...]
    reasons: tuple[ReturnReason, ...]
    codes: tuple[SuspensionCode, ...]
    colleagues: tuple[Account, ...]
    units: tuple[tuple[str, str], ...]  # code and name of all that may be called
    evidence: tuple[EvidenceKind, ...]
    phrases: tuple[Phrase, ...]


def help_for(
    request: Request, here: RouterContext, opened: Opened, *, caller: Caller, now: datetime
) -> Help:
    """What stands beside the forms of this matter for this caller."""
    city, job = here.city, opened.job
    promises = Promises(city, now)
    asked = extending(job.whistle, job.part, promises)
    sessions: Sessions = request.app.state.sessions
    unit = job.part.unit
    return Help(
        extending=asked,
        most=longest(asked.up_to) if isinstance(asked, Extending) else None,
        suspending=suspending(job.whistle, job.part, job.matter, city, now),
        returning=returning(job.whistle, job.part, promises),
        disputable_until=disputable_until(job.part, promises),
        owners=tuple(_owners(city, opened, unit, now))[:MOST_OWNERS],
        reasons=tuple(ReturnReason),
        codes=tuple(SuspensionCode),
        colleagues=tuple(a for a in sessions.accounts.of_unit(unit) if a.login != caller.account),
        units=tuple((each.code, each.name) for each in city.catalogue.callable_units()),
        evidence=_evidence(city, opened),
        phrases=phrases(),
    )


def _owners(city: City, opened: Opened, unit: str, now: datetime) -> Iterator[Owner]:
    """Whose the matter may be: the duty list's row first, then who serves its functions there."""
    catalogue, job = city.catalogue, opened.job
    category = catalogue.categories.get(job.whistle.category or "")
    if category is None:
        return
    place, seen = job.matter.place, {unit}
    region = place.region
    row = catalogue.duty_for(category.code, region, now)
    if row is not None and row.unit not in seen:
        seen.add(row.unit)
        yield Owner(unit=row.unit, clause=row.clause)
    for function in (category.lead_function, *category.co_functions):
        for each in catalogue.units_for(function, region, place.compound):
            if each.code not in seen and catalogue.may_lead(category.code, each.code):
                seen.add(each.code)
                yield Owner(unit=each.code, clause="")


def _evidence(city: City, opened: Opened) -> tuple[EvidenceKind, ...]:
    category = city.catalogue.categories.get(opened.job.whistle.category or "")
    unit = city.catalogue.units.get(opened.job.part.unit)
    functions = (
        *(() if category is None else (category.lead_function,)),
        *(() if unit is None else unit.function_codes),
    )
    return city.policy.judging.evidence.asked(opened.job.whistle.category, functions)


@cache
def phrases() -> tuple[Phrase, ...]:
    """The city's sentences for replies."""
    rows = tomllib.loads(PHRASES.read_text(encoding="utf-8"))["phrase"]
    return tuple(Phrase(**row) for row in rows)
