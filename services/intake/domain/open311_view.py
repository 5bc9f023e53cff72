"""What the public reads of tickets by Open311: which ones, in which span, with which fields.

Never listed: 举报, confidential tickets, drafts, voided ones. Whoever asked through another channel
did not publish it: of those tickets the kind, the state and the rough place are shown, no words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from services.intake.domain.case import STATE_ZH
from services.intake.domain.open311 import GeoReportError, service_of
from services.intake.domain.ticket import Ticket
from services.intake.domain.words import unit_name
from shared.calendar import SHANGHAI
from shared.catalogue.model import Catalogue
from shared.contracts.values import Channel

LONGEST: Final = timedelta(days=90)
MOST: Final = 1000
MOST_CHARACTERS: Final = 4000
ROUGH_DIGITS: Final = 3  # some hundred metres


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A ticket as the public may see it."""

    ticket: Ticket
    updated_at: datetime
    expected_at: datetime | None
    unit: str | None
    photo_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Which tickets are asked for; `closed` None is both."""

    start: datetime
    end: datetime
    service_codes: tuple[str, ...] | None
    closed: bool | None


def read_ids(text: str | None) -> tuple[str, ...]:
    """The service_request_ids of a list, each once."""
    ids = tuple(dict.fromkeys(_listed(text)))
    if len(ids) > MOST:
        raise GeoReportError(400, f"一次最多 {MOST} 个 service_request_id / at most {MOST} at once")
    return ids


def read_span(
    *,
    service_code: str | None,
    start_date: str | None,
    end_date: str | None,
    status: str | None,
    now: datetime,
    catalogue: Catalogue,
) -> Span:
    """The filters of a list; GeoReportError for what cannot be read or spans more than 90 days."""
    start, end = _instant("start_date", start_date), _instant("end_date", end_date)
    if start is None:
        start = (end or now) - LONGEST
    if end is None:
        end = start + LONGEST
    if end < start:
        raise GeoReportError(400, "end_date 早于 start_date / end_date is before start_date")
    if end - start > LONGEST:
        raise GeoReportError(400, "时间跨度不能超过 90 天 / the span is more than 90 days")
    codes = tuple(service_of(catalogue, code).code for code in _listed(service_code))
    return Span(start=start, end=end, service_codes=codes or None, closed=_closed(_listed(status)))


def _closed(statuses: Sequence[str]) -> bool | None:
    unknown = [each for each in statuses if each not in ("open", "closed")]
    if unknown:
        raise GeoReportError(
            400, f"status 只能是 open、closed / must be open or closed: {unknown[0]}"
        )
    wanted = set(statuses)
    return None if len(wanted) != 1 else wanted == {"closed"}


def _listed(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def _instant(name: str, text: str | None) -> datetime | None:
    if text is None or not text.strip():
        return None
    try:
        # a "+" of a zone that was not escaped comes as a space
        at = datetime.fromisoformat(text.strip().replace(" ", "+"))
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or not 1900 <= at.year <= 2100:
        raise GeoReportError(400, f"{name} 应为带时区的时间 / must be a time with a zone: {text}")
    return at


def lowest_id(at: datetime) -> UUID:
    """Below every ticket_id made from then on: they begin with the milliseconds."""
    return UUID(int=max(0, int(at.timestamp() * 1000)) << 80)


def request_view(
    published: Published, catalogue: Catalogue, *, media_url: str | None
) -> dict[str, Any]:
    """One service request as GeoReport writes it."""
    ticket, place = published.ticket, published.ticket.place
    own = ticket.channel is Channel.OPEN311
    category = catalogue.categories.get(ticket.category or "")
    return {
        "service_request_id": ticket.number,
        "status": "closed" if ticket.has_ended else "open",
        "status_notes": STATE_ZH[ticket.state],
        "service_name": category.name if category else None,
        "service_code": ticket.category,
        "description": ticket.summary[:MOST_CHARACTERS] if own else None,
        "agency_responsible": unit_name(catalogue, published.unit) if published.unit else None,
        "service_notice": None,
        "requested_datetime": _written(ticket.registered_at),
        "updated_datetime": _written(published.updated_at),
        "expected_datetime": _written(published.expected_at),
        "address": (place.address if own else place.compound) or _region(catalogue, place.region),
        "address_id": place.region,
        "zipcode": None,
        "lat": _point(place.lat, own),
        "long": _point(place.lon, own),
        "media_url": media_url if own else None,
    }


def _point(degrees: float | None, own: bool) -> float | None:
    return degrees if degrees is None or own else round(degrees, ROUGH_DIGITS)


def _region(catalogue: Catalogue, region: str | None) -> str | None:
    return catalogue.region_name(region) if region is not None else None


def _written(at: datetime | None) -> str | None:
    return at.astimezone(SHANGHAI).isoformat(timespec="seconds") if at is not None else None
