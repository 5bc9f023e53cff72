"""Which open requests may be the same matter: by place, category, time and text."""

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from services.intake.domain.similarity import alike, kept_sketch, likeness, same_category
from services.intake.domain.ticket import TicketState
from shared.catalogue.gazetteer import metres_between
from shared.contracts.values import TicketType

METRES_PER_DEGREE: Final = 111_195.0
COMMUNITY_DIGITS: Final = 12
ONLY_COMMUNITY: Final = 0.5  # of a place, where no more than the community is shared


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is being typed, and where; `region` is None or a region code."""

    text: str
    category: str | None = None
    region: str | None = None
    compound: str | None = None
    lat: float | None = None
    lon: float | None = None

    @property
    def community(self) -> str | None:
        """Its community's code, where it is known so finely."""
        region = self.region or ""
        return region[:COMMUNITY_DIGITS] if len(region) >= COMMUNITY_DIGITS else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """An open request, as far as it is compared."""

    ticket_id: UUID
    number: str
    state: TicketState
    type: TicketType
    category: str | None
    title: str
    summary: str
    region: str | None
    compound: str | None
    lat: float | None
    lon: float | None
    confidential: bool
    registered_at: datetime

    @property
    def is_hidden(self) -> bool:
        """Confidential requests and tip-offs are shown to nobody as duplicates."""
        return self.confidential or self.type is TicketType.TIP_OFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """How alike an open request is to what is typed, and how far away."""

    other: Open
    score: float
    metres: float | None


def compare(asked: Asked, sketched: int, other: Open, *, within: float) -> Likeness:
    """Score one open request; `sketched` is the asked text, at `within` metres nearness ends."""
    metres = None
    if asked.lat is not None and asked.lon is not None and other.lat is not None:
        metres = metres_between(asked.lat, asked.lon, other.lat, other.lon or 0.0)
    score = likeness(
        place=_nearness(asked, other, metres, within),
        category=same_category(asked.category, other.category),
        text=alike(sketched, kept_sketch(other.summary)),
    )
    return Likeness(other=other, score=round(score, 3), metres=metres and round(metres, 1))


def _nearness(asked: Asked, other: Open, metres: float | None, within: float) -> float:
    if asked.compound is not None and asked.compound == other.compound:
        return 1.0
    near = max(0.0, 1.0 - metres / within / 2) if metres is not None and metres <= within else 0.0
    community = asked.community
    if community is not None and (other.region or "").startswith(community):
        near = max(near, ONLY_COMMUNITY)
    return near


def box(lat: float, lon: float, metres: float) -> tuple[float, float, float, float]:
    """South, north, west and east of a square around a point."""
    up = metres / METRES_PER_DEGREE
    across = up / max(0.01, math.cos(math.radians(lat)))
    return lat - up, lat + up, lon - across, lon + across
