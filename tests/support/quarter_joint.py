"""The story of one joint matter: blown by a street or community, worked on, accepted, rated."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.contracts import joint, whistles
from shared.contracts.parts import Actor, Assignment, BlownBy, DeadlineKind, DueChange, Place, Role
from shared.contracts.values import Relation, Urgency, WhistleKind
from tests.support.quarter_works import (
    BUREAUS,
    CATEGORIES,
    DAY,
    HOUR,
    PLACES,
    STREETS,
    Story,
    Works,
    due,
    offered,
)


def joint_matter(story: Story, at: datetime, number: int) -> None:
    """A whistle of a street or community: come, work, be accepted and be rated."""
    whistle_id = UUID(int=story.dice.getrandbits(128), version=4)
    level = story.dice.choice(("street", "community"))
    kind = story.dice.choice(tuple(WhistleKind))
    parts = tuple(
        offered(story, at, unit, Relation.LEAD if place == 0 else Relation.ASSISTING)
        for place, unit in enumerate(story.dice.sample(BUREAUS, story.dice.choice((1, 2, 3))))
    )
    about: dict[str, Any] = {"ticket_ids": ()}
    story.whistle(
        whistles.Blown,
        whistle_id,
        at,
        **about,
        number=f"J{number}",
        kind=kind,
        urgency=Urgency.URGENT,
        title="联合整治",
        summary="联合整治占道经营",
        place=Place(region=story.dice.choice(PLACES)),
        blown_by=BlownBy(unit=story.dice.choice(STREETS), level=level),
        dispatched_by=Actor(role=Role.STREET_OFFICER),
        assignments=parts,
        trace=(),
        category=story.dice.choice(CATEGORIES),
    )
    if story.chance(0.08):
        story.whistle(whistles.Withdrawn, whistle_id, at + HOUR, **about, reason="街道已自行处置")
        return
    for part in parts:
        works = Works(story, whistle_id, part, **about)
        works.resolve(works.begin(at), final=part is parts[0])
    at += 20 * DAY
    if kind is WhistleKind.CITIZEN_DEMAND or story.chance(0.15):
        return
    if story.chance(0.25):
        lead, until = parts[0], due(at + 2 * DAY, at)
        change = DueChange(
            assignment_id=lead.assignment_id, unit=lead.unit, kind=DeadlineKind.RESOLVE, due=until
        )
        story.whistle(
            joint.AcceptanceFailed, whistle_id, at, **about, changes=(change,), reason="未整改"
        )
        if story.chance(0.3):
            return
        again = Works(story, whistle_id, replace(lead, resolve=until), **about)
        again.resolve(at + HOUR, final=True)
        at += 8 * DAY
    story.whistle(joint.Accepted, whistle_id, at, **about)
    _rate(story, whistle_id, parts, level, kind, at, about)
    story.whistle(whistles.Closed, whistle_id, at + DAY, **about)


def _rate(
    story: Story,
    whistle_id: UUID,
    parts: tuple[Assignment, ...],
    level: str,
    kind: WhistleKind,
    at: datetime,
    about: dict[str, Any],
) -> None:
    classes = ("community", "street") if level == "community" else ("street",)
    for evaluator in classes:
        if story.chance(0.15):
            continue
        for part in parts:
            story.whistle(
                joint.Evaluated,
                whistle_id,
                at + HOUR,
                **about,
                unit=part.unit,
                evaluator_class=evaluator,
                timely=story.dice.randint(0, 30),
                present=story.dice.randint(0, 20),
                effect=story.dice.randint(0, 35),
                cooperation=story.dice.randint(0, 15),
                weight=1.5 if kind is WhistleKind.EMERGENCY else 1.0,
            )
