"""What is asked of the list of tickets: filters and a text, as an address carries them.

One query has one spelling (`canonical`), so that a view that is saved, shared or sent as a link is
the same for everybody. Within a filter any of its values fits; all filters must fit.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

from services.intake.domain.redaction import redact
from services.intake.domain.terms import Kind, asked_terms, term
from services.intake.domain.ticket import Ticket, TicketState
from shared.calendar import SHANGHAI
from shared.catalogue.model import Catalogue
from shared.contracts.values import Channel, TicketType, Urgency
from shared.errors import FieldError, InvalidError

MOST_VALUES: Final = 60
MOST_CHARACTERS: Final = 100
Choice = TypeVar("Choice", bound=StrEnum)
Pairs = Iterable[tuple[str, str]]


class Flag(StrEnum):
    """What a ticket may be besides its state (DOMAIN §3)."""

    GROUP = "group"  # 群体诉求
    CONFIDENTIAL = "confidential"  # 保密件
    HARD_CASE = "hard_case"  # 疑难件
    URGED = "urged"  # 已催办
    OVERDUE = "overdue"  # 已超时


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A list of tickets; regions and categories name a whole branch. Fields as in the address."""

    q: str = ""
    state: tuple[TicketState, ...] = ()
    type: tuple[TicketType, ...] = ()
    urgency: tuple[Urgency, ...] = ()
    category: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    channel: tuple[Channel, ...] = ()
    line: tuple[str, ...] = ()
    flag: tuple[Flag, ...] = ()
    unit: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    mine: bool = False

    @property
    def is_filtered(self) -> bool:
        """Whether anything is asked beyond the time."""
        return any(getattr(self, each.name) for each in fields(self) if each.name not in _DATES)

    @property
    def begins(self) -> datetime | None:
        """The first moment asked for."""
        return None if self.since is None else _midnight(self.since)

    @property
    def ends(self) -> datetime | None:
        """The first moment after those asked for."""
        return None if self.until is None else _midnight(self.until + timedelta(days=1))


_DATES: Final = frozenset({"since", "until"})
_CHOICES: Final[dict[str, type[StrEnum]]] = {
    "state": TicketState,
    "type": TicketType,
    "urgency": Urgency,
    "channel": Channel,
    "flag": Flag,
}
_CODES: Final = frozenset({"category", "region", "line", "unit"})


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI)


def read_query(pairs: Pairs, catalogue: Catalogue) -> Query:
    """A query from the pairs of an address; names it does not know are other people's.

    Raises InvalidError with every wrong value.
    """
    given: dict[str, list[str]] = {}
    for name, text in pairs:
        if text.strip() and "\0" not in text:
            given.setdefault(name, []).append(text.strip())
    errors: list[FieldError] = []
    found: dict[str, Any] = {}
    for each in fields(Query):
        texts = given.get(each.name, [])
        if texts:
            try:
                found[each.name] = _read(each.name, texts, catalogue)
            except ValueError:
                errors.append(_wrong(each.name, texts))
    if errors:
        raise InvalidError(*errors)
    return Query(**found)


def _read(name: str, texts: Sequence[str], catalogue: Catalogue) -> object:
    if name == "q":
        return " ".join(texts[0].split())[:MOST_CHARACTERS]
    if name == "mine":
        return texts[0] == "1"
    if name in _DATES:
        return date.fromisoformat(texts[0])
    values = sorted(set(texts))
    if len(values) > MOST_VALUES:
        raise ValueError("too many values")
    if name in _CHOICES:
        return tuple(member for member in _CHOICES[name] if member.value in set(values)) or _none()
    for value in values:
        _known(name, value, catalogue)
    return tuple(values)


def _none() -> object:
    raise ValueError("no such choice")


def _known(name: str, value: str, catalogue: Catalogue) -> None:
    majors = {each.major_code for each in catalogue.categories.values()}
    ok = {
        "category": value in catalogue.categories or value in majors,
        "region": catalogue.knows_region(value),
        "unit": value in catalogue.units,
        "line": len(value) <= MOST_CHARACTERS,
    }[name]
    if not ok:
        raise ValueError(f"unknown {name}")


def _wrong(name: str, texts: Sequence[str]) -> FieldError:
    said = "、".join(texts)[:MOST_CHARACTERS]
    return FieldError(
        field=name, zh=f"{name}：不能识别 {said!r}", en=f"{name}: {said!r} is not understood"
    )


def pairs_of(query: Query) -> list[tuple[str, str]]:
    """The query as name and value, each value alone, in the order of the fields."""
    pairs: list[tuple[str, str]] = []
    for each in fields(query):
        value = getattr(query, each.name)
        if isinstance(value, tuple):
            pairs += [(each.name, str(one)) for one in value]
        elif isinstance(value, bool):
            pairs += [(each.name, "1")] if value else []
        elif value:
            pairs.append((each.name, str(value)))
    return pairs


def canonical(query: Query) -> str:
    """The one spelling of a query in an address."""
    return urlencode(pairs_of(query))


def public(query: Query) -> Query:
    """The query as it may stand in an address, a view or a ledger: without anybody's telephone."""
    return replace(query, q="") if query.q and redact(query.q).found else query


def groups_of(query: Query, *, region: str | None, account: str | None) -> list[frozenset[int]]:
    """The terms that a ticket must have: one of each group.

    `region` is what the caller is bound to; `account` stands for `mine`.
    """
    groups = asked_terms(query.q) if query.q else []
    for name, kind in _KINDS.items():
        values = getattr(query, name)
        if values:
            groups.append(frozenset(term(kind, str(value)) for value in values))
    if region is not None:
        groups.append(frozenset({term(Kind.REGION, region)}))
    if query.mine:
        groups.append(frozenset({term(Kind.ACCOUNT, account or "")}))
    return groups


_KINDS: Final = {
    "state": Kind.STATE,
    "type": Kind.TYPE,
    "urgency": Kind.URGENCY,
    "category": Kind.CATEGORY,
    "region": Kind.REGION,
    "channel": Kind.CHANNEL,
    "line": Kind.LINE,
    "flag": Kind.FLAG,
    "unit": Kind.UNIT,
}


def fits(query: Query, ticket: Ticket, *, region: str | None) -> bool:
    """Whether a ticket as it stands now is one of those asked for, as far as its row tells.

    The index follows a moment later, so that it may still name a ticket that has moved on.
    """
    begins, ends = query.begins, query.ends
    place = ticket.place.region or ""
    return (
        (region is None or _lies_in(place, region))
        and (not query.state or ticket.state in query.state)
        and (not query.type or ticket.type in query.type)
        and (not query.urgency or ticket.urgency in query.urgency)
        and (not query.region or any(_lies_in(place, each) for each in query.region))
        and (begins is None or ticket.registered_at >= begins)
        and (ends is None or ticket.registered_at < ends)
    )


def _lies_in(place: str, region: str) -> bool:
    if region.endswith("00") and len(region) == 6:  # the city holds all of its districts
        return place[:4] == region[:4]
    return place.startswith(region)
