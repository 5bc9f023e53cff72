"""What a whistle is about, and how it came to its units: what does not change with its state."""

import re
from dataclasses import field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from services.router.domain.dues import Terms
from shared.catalogue.place_words import PlaceWords
from shared.catalogue.regions import community_of, street_of
from shared.contracts.parts import Actor, Attachment, BlownBy, Muster, Place
from shared.contracts.tickets import Registered
from shared.contracts.values import Due, TicketType, Urgency, WhistleKind
from shared.contracts.whistles import Candidate
from shared.records import record

FINE_REGION: Final = re.compile(r"(?<![\d-])(\d{9})\d{3,6}(?!\d)")
"""A community or grid by its code, with its street first; not as part of a unit's code."""
OF_PLACE: Final = ("3:", "6:")
"""The steps of a trace that tell the place itself: the person's choice, where it is."""


@record
class Matter:
    """What somebody asked for, without who."""

    title: str
    summary: str
    place: Place
    urgency: Urgency
    category: str | None = None
    type: TicketType | None = None
    confidential: bool = False
    contactable: bool = True
    hard_case: bool = False
    group: bool = False  # many callers, one matter
    attachments: tuple[Attachment, ...] = ()
    own_effort: str | None = None
    muster: Muster | None = None
    why_beyond: str | None = None  # why it is beyond the blower's own powers

    def terms(self, kind: WhistleKind, round: int = 1) -> Terms:
        """What its limits depend on."""
        return Terms(
            kind=kind,
            urgency=self.urgency,
            type=self.type,
            round=round,
            hard_case=self.hard_case,
            contactable=self.contactable and not self.confidential,
            region=self.place.region if kind is not WhistleKind.CITIZEN_DEMAND else None,
            muster_at=self.muster.at if self.muster else None,
        )

    def place_for_units(self) -> Place:
        """Where, as units may know it: a confidential matter at home tells the street only."""
        if not self.hides_place():
            return self.place
        region = self.place.region
        return Place(region=street_of(region) or region if region else None)

    def hides_place(self) -> bool:
        """Whether the place, however generalised, would tell who asked."""
        return self.confidential and self.place.compound is not None

    def words_for_units(self, text: str, places: PlaceWords) -> str:
        """A text about it, as units may know it; what cannot be masked says `place_words`."""
        if not self.hides_place():
            return text
        place = self.place
        codes = (code for code in (place.region, community_of(place.region or "")) if code)
        finer = (code for code in codes if code != street_of(code))
        return places.masked(text, also=(place.compound, place.address, *finer))

    def for_units(self, places: PlaceWords) -> "Matter":
        """The matter as units may know it: place and words of a confidential one at home masked."""
        if not self.hides_place():
            return self

        def masked(text: str) -> str:
            return self.words_for_units(text, places)

        return replace(
            self,
            title=masked(self.title),
            summary=masked(self.summary),
            place=self.place_for_units(),
            own_effort=masked(self.own_effort) if self.own_effort else None,
            why_beyond=masked(self.why_beyond) if self.why_beyond else None,
        )

    def trace_for_units(self, trace: tuple[str, ...]) -> tuple[str, ...]:
        """Why these units, as they may know it: no finer than the place they are told."""
        if not self.hides_place():
            return trace
        told = (line for line in trace if not line.startswith(OF_PLACE))
        return tuple(FINE_REGION.sub(r"\1", line) for line in told)


def matter_of(registered: Registered, *, group: bool = False) -> Matter:
    """A ticket's matter."""
    return Matter(
        title=registered.title,
        summary=registered.summary,
        place=registered.place,
        urgency=registered.urgency,
        category=registered.category,
        type=registered.type,
        confidential=registered.confidential,
        contactable=registered.contactable,
        hard_case=registered.hard_case,
        group=group,
        attachments=registered.attachments,
    )


@record
class Content:
    """What is kept of a whistle beside its narrow row.

    `matter` is None for a whistle that was dispatched for a ticket: the ticket has it.
    """

    matter: Matter | None = None
    blown_by: BlownBy | None = None
    dispatched_by: Actor | None = None
    trace: tuple[str, ...] = ()
    why: tuple[str, ...] = ()  # why it was held
    candidates: tuple[Candidate, ...] = ()
    rule_by: Due | None = None  # nobody owns it: the supervisor convenes until then


class TicketState(StrEnum):
    """What the router must know of a ticket's state."""

    OPEN = "open"  # 办理中
    MERGED = "merged"  # 已并单
    ENDED = "ended"  # 已在受理环节了结
    WITHDRAWN = "withdrawn"  # 已撤回
    CLOSED = "closed"  # 已结束


@record
class Ticket:
    """The router's own copy of what it needs of a ticket."""

    ticket_id: UUID
    state: TicketState
    round: int
    registered_at: datetime
    registered: Registered
    merged_into: UUID | None = None
    group: bool = False  # flagged as one of many callers' matter
    matter: Matter = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "matter", matter_of(self.registered, group=self.group))

    def in_round(self, round: int) -> "Ticket":
        """Open again, in a later round or the same; it follows no other ticket any more."""
        return replace(self, state=TicketState.OPEN, round=round, merged_into=None)

    def over(self, state: TicketState) -> "Ticket":
        """Ended so; it follows no other ticket any more."""
        return replace(self, state=state, merged_into=None)

    def in_category(self, category: str | None) -> "Ticket":
        """With the category that a dispatcher gave it."""
        if category == self.registered.category:
            return self
        return replace(self, registered=replace(self.registered, category=category))

    def in_urgency(self, urgency: Urgency) -> "Ticket":
        """As urgent as routing found it to be."""
        return replace(self, registered=replace(self.registered, urgency=urgency))

    def supplemented(self, text: str, attachments: tuple[Attachment, ...]) -> "Ticket":
        """With the person's further words, for units that are called later."""
        old = self.registered
        return replace(
            self,
            registered=replace(
                old,
                summary=f"{old.summary}\n补充：{text}" if text else old.summary,
                attachments=(*old.attachments, *attachments),
            ),
        )
