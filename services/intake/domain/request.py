"""A request as it comes in, and what is wrong with it beyond the form of single fields."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from shared.catalogue.model import Catalogue
from shared.contracts.tickets import Source
from shared.contracts.values import Channel, TicketType, Urgency
from shared.errors import FieldError

LEAST_AT_DESK: Final = 10
LEAST_ELSEWHERE: Final = 2
MOST_CHARACTERS: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedPlace:
    """Where, in the person's words or on a map (WGS84)."""

    region: str | None = None
    address: str | None = None
    lat: float | None = None
    lon: float | None = None
    no_location: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporter:
    """Who asks; `confidential` None leaves it to the type of the request."""

    name: str | None = None
    phone: str | None = None
    id_number: str | None = None
    confidential: bool | None = None
    agrees_to_contact: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request, well-formed."""

    channel: Channel
    description: str
    place: AskedPlace
    type: TicketType | None = None
    category: str | None = None
    title: str | None = None
    urgency: Urgency | None = None
    line: str | None = None
    choice: str | None = None
    reporter: Reporter = Reporter()
    source: Source | None = None
    occurred_at: datetime | None = None
    photos: tuple[UUID, ...] = ()


def canary_request(asked: Request) -> Request:
    """What the canary may register: words alone, of nobody, about no place and no category."""
    return Request(
        channel=asked.channel, description=asked.description, place=AskedPlace(no_location=True)
    )


def text_problem(
    channel: Channel | None, description: str, *, is_shown: bool = False
) -> FieldError | None:
    """The desk must write down what the matter is; elsewhere two characters are a request.

    So is, elsewhere, what `is_shown`: by a photo with a label (DOMAIN §3).
    """
    least = LEAST_AT_DESK if channel is Channel.HOTLINE else 0 if is_shown else LEAST_ELSEWHERE
    if len(description) >= least:
        return None
    return FieldError(
        field="description",
        zh=f"description：至少 {least} 个字",
        en=f"description: must have at least {least} characters",
    )


def category_problem(catalogue: Catalogue, category: str) -> FieldError | None:
    if category in catalogue.categories:
        return None
    return FieldError(
        field="category",
        zh=f"category：没有编码为 {category!r} 的分类",
        en=f"category: there is no category {category!r}",
    )


def region_problem(catalogue: Catalogue, region: str) -> FieldError | None:
    if catalogue.knows_region(region):
        return None
    return FieldError(
        field="place.region",
        zh=f"place.region：没有编码为 {region!r} 的区划",
        en=f"place.region: there is no region {region!r}",
    )


def place_problem(place: AskedPlace) -> FieldError | None:
    """One of region, address, both coordinates, or the word that there is no location."""
    if (place.lat is None) != (place.lon is None):
        missing = "place.lat" if place.lat is None else "place.lon"
        return FieldError(
            field=missing,
            zh=f"{missing}：经纬度必须同时填写",
            en=f"{missing}: latitude and longitude go together",
        )
    if place.region or place.address or place.lat is not None or place.no_location:
        return None
    return FieldError(
        field="place",
        zh="place：请填写区划、地址、经纬度之一，或注明无具体地点",
        en="place: needs one of region, address, lat and lon, or no_location",
    )
