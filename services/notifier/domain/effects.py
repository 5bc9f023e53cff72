"""What a fact can mean for promises of time: opening one, ordering one, ordering a whistle's."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.notifier.domain.deadline import Command, Owner
from services.notifier.domain.known import Known
from services.notifier.domain.promises import Order
from shared.contracts.ids import deadline_id
from shared.contracts.parts import DeadlineKind
from shared.contracts.values import Due
from shared.records import record


@record
class Heard:
    """A fact as it was heard: `at` is its effective time."""

    data: Any
    at: datetime
    traceparent: str | None = None


@record
class Opening:
    """A new promise; one that exists already gets the due time.

    `again`: it may have been promised, and have ended, long before.
    """

    owner: Owner
    kind: DeadlineKind
    order: Order
    due: Due
    again: bool = False

    @property
    def deadline_id(self) -> UUID:
        return deadline_id(self.owner.owner_id, self.kind, self.owner.round)

    @property
    def changed(self) -> Order:
        """What it means for a promise that exists already."""
        anew = self.order.command is Command.RENEW
        command = Command.RENEW if anew else Command.CHANGE
        return replace(self.order, command=command, due=self.due)


@record
class Ordering:
    """A command to one promise; one that is not there is passed over.

    `ended`: one that ended long before is brought back for it, where that may change anything.
    """

    deadline_id: UUID
    order: Order
    ended: bool = True


@record
class WhistleOrdering:
    """A command to every promise of a whistle."""

    whistle_id: UUID
    order: Order


@record
class Marking:
    """Every promise of a whistle is of a group matter from now on."""

    whistle_id: UUID
    heard: Heard


Effect = Opening | Ordering | WhistleOrdering | Marking
Meaning = Callable[[Heard, Known], Iterable[Effect]]


def order_of(heard: Heard, command: Command, *, at: datetime | None = None) -> Order:
    return Order(command=command, at=at or heard.at, actor=heard.data.actor)


def orders_to(
    owner_id: UUID,
    round_: int,
    kinds: Iterable[DeadlineKind],
    order: Order,
    *,
    ended: bool = True,
) -> list[Ordering]:
    return [
        Ordering(deadline_id=deadline_id(owner_id, kind, round_), order=order, ended=ended)
        for kind in kinds
    ]
