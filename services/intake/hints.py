"""Hints while somebody types: which category it is, and who told the same matter before."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.intake import metrics
from services.intake.domain.case import STATE_ZH
from services.intake.domain.lexicon import Lexicon, place_names
from services.intake.domain.near import Asked, Likeness, compare
from services.intake.domain.registration import Draft
from services.intake.domain.similarity import alike, kept_sketch, sketch
from services.intake.domain.suggestion import Suggester, Suggestion
from services.intake.domain.ticket import TicketState
from services.intake.store import hints as store
from shared.catalogue.hint_limits import HintLimits
from shared.catalogue.load_hints import load_hint_limits, load_synonyms
from shared.catalogue.model import Catalogue
from shared.contracts.values import TicketType
from shared.runtime.database import Connection

MOST_CHARACTERS: Final = 500  # of what a resident types
SIMILAR_TEXT: Final = 0.15  # beside the same compound and category
OF_BATCH: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What hints stand on; made once by the app, the suggester learns on."""

    catalogue: Catalogue
    suggester: Suggester
    limits: HintLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryHint:
    """A category that a text may belong to, and the words that say so."""

    code: str
    name: str
    major: str
    score: float
    confidence: float
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateHint:
    """An open request that may be the same matter; a resident sees neither number nor title."""

    ticket_id: UUID
    number: str | None
    state: TicketState
    state_zh: str
    category: str | None
    title: str
    score: float
    metres: float | None
    hours: float
    reports: int
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicates:
    """The likeliest first; `hidden` counts confidential ones, for operators only."""

    items: tuple[DuplicateHint, ...] = ()
    hidden: int = 0


def new_hints(catalogue: Catalogue) -> Hints:
    """Hints of a city, nothing learned yet."""
    lexicon = Lexicon(catalogue, load_synonyms(catalogue), place_names(catalogue))
    return Hints(catalogue=catalogue, suggester=Suggester(lexicon), limits=load_hint_limits())


def suggest_categories(
    hints: Hints, text: str, *, address: str | None = None, k: int = 5
) -> list[CategoryHint]:
    """The likeliest categories of a text, with the words that decided."""
    began = time.perf_counter()
    found = hints.suggester.suggest(text, address=address, k=k)
    metrics.HINT_SECONDS.labels("categories").observe(time.perf_counter() - began)
    return [_category_hint(hints, each) for each in found]


def _category_hint(hints: Hints, found: Suggestion) -> CategoryHint:
    category = hints.catalogue.categories[found.category]
    return CategoryHint(
        code=category.code,
        name=category.name,
        major=category.major_name,
        score=found.score,
        confidence=found.confidence,
        words=found.words,
    )


async def find_duplicates(
    connection: Connection,
    asked: Asked,
    *,
    hints: Hints,
    now: datetime,
    public: bool,
    region: str | None = None,
) -> Duplicates:
    """Open requests that may be the same matter, of the last 30 days and near the place.

    `public` leaves out what a resident may not see; `region` is the caller's own, if bound to one.
    """
    began = time.perf_counter()
    candidates = await store.near(connection, asked, now=now, limits=hints.limits)
    within, sketched = hints.limits.metres, sketch(asked.text)
    alike_ones = [
        found
        for other in candidates
        if region is None or (other.region or "").startswith(region)
        if (found := compare(asked, sketched, other, within=within)).score >= hints.limits.alike
    ]
    shown = [found for found in alike_ones if not found.other.is_hidden]
    shown.sort(key=lambda found: (-found.score, found.other.registered_at))
    best = shown[: hints.limits.most]
    joined = await store.joined(connection, [each.other.ticket_id for each in best])
    metrics.HINT_SECONDS.labels("duplicates").observe(time.perf_counter() - began)
    return Duplicates(
        items=tuple(_duplicate_hint(hints, each, joined, now, public) for each in best),
        hidden=0 if public else len(alike_ones) - len(shown),
    )


def _duplicate_hint(
    hints: Hints, found: Likeness, joined: Mapping[UUID, int], now: datetime, public: bool
) -> DuplicateHint:
    other = found.other
    category = hints.catalogue.categories.get(other.category or "")
    about = category.name if category is not None else "同类诉求"
    return DuplicateHint(
        ticket_id=other.ticket_id,
        number=None if public else other.number,
        state=other.state,
        state_zh=STATE_ZH[other.state],
        category=other.category,
        title=about if public else other.title,
        score=found.score,
        metres=found.metres,
        hours=round(max(0.0, (now - other.registered_at) / timedelta(hours=1)), 1),
        reports=1 + joined.get(other.ticket_id, 0),
        since=other.registered_at,
    )


async def public_hints(
    connection: Connection, asked: Asked, *, hints: Hints, now: datetime
) -> tuple[list[CategoryHint], Duplicates]:
    """What a resident's page shows: three categories, and open requests without their words."""
    text = asked.text[:MOST_CHARACTERS]
    categories = suggest_categories(hints, text, k=3)
    duplicates = await find_duplicates(connection, asked, hints=hints, now=now, public=True)
    return categories, duplicates


async def similar_of(
    connection: Connection,
    drafts: Sequence[Draft],
    *,
    now: datetime,
    limits: HintLimits | None,
) -> list[tuple[UUID, ...]]:
    """For each new request the open ones alike, for the dispatcher; one query for all of them.

    Only where compound and category are known; what is confidential takes no part.
    """
    places = [at for at, each in enumerate(drafts) if _may_be_similar(each)]
    answers: list[tuple[UUID, ...]] = [() for _ in drafts]
    if limits is None or not places:
        return answers
    asked = [(drafts[at].place.compound or "", drafts[at].request.category or "") for at in places]
    found = await store.near_many(
        connection, asked, since=now - limits.since, most=min(limits.most, OF_BATCH)
    )
    for place, others in found.items():
        own = sketch(drafts[places[place]].summary)
        answers[places[place]] = tuple(
            ticket_id
            for ticket_id, words in others
            if alike(own, kept_sketch(words)) >= SIMILAR_TEXT
        )
    return answers


def _may_be_similar(draft: Draft) -> bool:
    open_ = not draft.confidential and draft.type is not TicketType.TIP_OFF
    return open_ and draft.place.compound is not None and draft.request.category is not None
