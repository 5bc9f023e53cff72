"""What stands beside a decision: the evidence with its hashes, the rule, and what will follow."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.router.domain.city import City
from services.router.domain.dues import Promises
from services.router.domain.file import FILES_PATH, File, FileType
from services.router.domain.matter import Matter
from services.router.domain.rulings.pending import ReviewKind
from services.router.domain.whistle import Whistle
from services.router.reviews import ReviewItem
from shared.catalogue.duties import Duty
from shared.catalogue.gazetteer import metres_between
from shared.catalogue.limits import LimitError, parse_rule
from shared.catalogue.terms import Term
from shared.contracts.parts import Place
from shared.contracts.values import Due, Relation

AMOUNT_UNITS = {"h": "h", "wh": "wh", "WD": "WD"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A file or a named proof: what it is, when and how far from the place it was taken."""

    kind: str | None
    sha256: str | None
    taken_at: datetime | None
    said_at: str | None  # as the unit says, where the file itself does not tell
    metres: int | None
    url: str | None
    thumb: str | None
    picture: bool
    unit: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """What each way leads to, as moments: None where nothing moves."""

    full: Due | None = None  # a new unit's whole time
    rest: Due | None = None  # an adjudicated unit's: what is left, at least half
    stays: Due | None = None  # the limit as it is
    extended: Due | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSide:
    """What the decision stands on."""

    duty: Duty | None
    function: str | None  # the lead function of the category
    local: bool  # whether a street or community may lead it
    clause: str | None  # with which the unit was called
    extension: tuple[tuple[str, str], ...] = ()  # (how much at most, who grants it)
    extension_total: str | None = None


def evidence_of(item: ReviewItem, files: Sequence[File], place: Place) -> list[Shown]:
    """The proofs that were named, each with its file where there is one; then the other files."""
    by_hash = {f.sha256: f for f in files} | {f.original_sha256: f for f in files}
    named: list[Shown] = []
    used: set[str] = set()
    for each in _named(item.request):
        sha256 = each.get("sha256")
        file = by_hash.get(str(sha256).lower()) if sha256 else None
        if file is not None:
            used.add(file.sha256)
        named.append(_shown(each, file, place))
    rest = [f for f in files if f.sha256 not in used and f.unit in (item.unit, None)]
    return named + [_shown({}, file, place) for file in rest]


def _named(request: Any) -> Iterable[dict[str, Any]]:
    found = request.get("evidence") or ()
    return [each for each in found if isinstance(each, dict)]


def _shown(named: dict[str, Any], file: File | None, place: Place) -> Shown:
    url = f"{FILES_PATH}/{file.file_id}" if file is not None else None
    picture = file is not None and file.media_type is not FileType.PDF
    return Shown(
        kind=named.get("kind"),
        sha256=named.get("sha256") or (file.sha256 if file is not None else None),
        taken_at=file.taken_at if file is not None else None,
        said_at=named.get("taken_at"),
        metres=_metres(file, place),
        url=url,
        thumb=f"{url}?size=thumb" if picture else None,
        picture=picture,
        unit=file.unit if file is not None else None,
    )


def _metres(file: File | None, place: Place) -> int | None:
    if file is None or file.lat is None or file.lon is None:
        return None
    if place.lat is None or place.lon is None:
        return None
    return round(metres_between(file.lat, file.lon, place.lat, place.lon))


def rule_side(item: ReviewItem, whistle: Whistle, city: City, now: datetime) -> RuleSide:
    """The duty list's row for the matter, whose duty it is by law, and the limits of extensions."""
    known = item.category is not None and item.category in city.catalogue.categories
    category = city.catalogue.category(item.category or "") if known else None
    duty = None
    if category is not None:
        duty = city.catalogue.duty_for(category.code, whistle.region, now)
    part = whistle.part_of(item.unit) if item.unit else None
    street = city.catalogue.street_unit(whistle.region)
    extension = city.limits.extension(item.urgency)
    return RuleSide(
        duty=duty,
        function=category.lead_function if category is not None else None,
        local=category is not None
        and street is not None
        and city.catalogue.may_lead(category.code, street.code),
        clause=part.clause if part is not None else None,
        extension=tuple((step.up_to.text, step.by) for step in extension.steps),
        extension_total=extension.total.text if extension.total is not None else None,
    )


def effects_of(item: ReviewItem, whistle: Whistle, matter: Matter, promises: Promises) -> Effects:
    """The moments that a decision now would lead to."""
    part = whistle.part_of(item.unit) if item.unit else None
    stays = part.dues.resolve if part is not None else None
    if item.kind in (ReviewKind.RETURN, ReviewKind.ADJUDICATION, ReviewKind.DISPUTE):
        terms = matter.terms(whistle.kind, whistle.round)
        full = promises.of(terms, part.relation if part else Relation.LEAD).resolve
        return Effects(full=full, rest=promises.taken_over(stays, full), stays=stays)
    if item.kind is ReviewKind.EXTENSION and stays is not None:
        return Effects(stays=stays, extended=_extended(item, stays, promises))
    return Effects(stays=stays)


def _extended(item: ReviewItem, due: Due, promises: Promises) -> Due | None:
    amount, unit = item.request.get("amount"), item.request.get("amount_unit")
    try:
        return promises.extended(due, parse_rule(f"{amount}{AMOUNT_UNITS[str(unit)]}"))
    except (LimitError, KeyError):
        return None


def longest_suspension(city: City) -> str:
    """The limit within which a pause is looked at again."""
    return city.limits.term(Term.SUSPENSION_REVIEW).text
