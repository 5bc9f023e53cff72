"""A community's whistle and its street: taken over, or withdrawn, within half an hour (DOMAIN §4).

It is delivered at once, without approval. The street says why, and the community reads it; the
units work on under another convener. Whoever is in charge may withdraw its own whistle while no
unit has come.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated

from annotated_types import Len

from services.router.domain import ending
from services.router.domain.dues import Promises
from services.router.domain.joint import convening
from services.router.domain.outcome import Outcome, step, words_text
from services.router.domain.whistle import Whistle, WhistleCommand
from shared.catalogue.model import Unit
from shared.contracts import bureaus, joint
from shared.contracts.parts import Actor, AssignmentState, BlownBy, Role
from shared.contracts.values import Relation
from shared.errors import ForbiddenError
from shared.records import record


@record
class Because:
    """Why a whistle is taken over or withdrawn; the community reads it."""

    reason: Annotated[str, Len(1, 4000)]


Command = Callable[..., Outcome]  # (whistle, because, *, actor, promises)


def take_over(whistle: Whistle, because: Because, *, actor: Actor, promises: Promises) -> Outcome:
    """The street convenes from now on; raises the ShaodaoError that says why it may not."""
    city = promises.city
    street = _own_street(whistle, actor, promises)
    state = convening.next_state(whistle, WhistleCommand.TAKE_OVER)
    if whistle.in_charge == street.code:
        raise convening.wrong_state(whistle, "街道已经接管", "the street has taken it over already")
    _within_the_window(whistle, promises)
    after = replace(whistle, state=state, seq=whistle.seq + 1, in_charge=street.code)
    by = BlownBy(unit=street.code, level=street.level.value, on_behalf_of=whistle.blower)
    fact = joint.TakenOver(**convening.about(after, actor, promises), by=by, reason=because.reason)
    view = bureaus.TakenOver(
        whistle_id=after.whistle_id, seq=after.seq, by=by, reason=because.reason
    )
    made = step(
        fact,
        promises.now,
        before=words_text(in_charge=whistle.in_charge),
        after=words_text(in_charge=after.in_charge, reason=because.reason),
        views=convening.told(city, after, actor, view),
    )
    return Outcome(whistle=after, steps=(made,))


def withdraw(whistle: Whistle, because: Because, *, actor: Actor, promises: Promises) -> Outcome:
    """Take the whistle back; raises the ShaodaoError that says why it stays."""
    city = promises.city
    may_withdraw(whistle, actor, promises)
    convening.next_state(whistle, WhistleCommand.WITHDRAW)
    blower = convening.blower_of(city, whistle)
    besides = () if blower is None or blower.code == actor.unit else (blower.code,)
    return ending.withdraw(
        whistle,
        at=promises.now,
        policy=city.version,
        actor=actor,
        reason=because.reason,
        besides=besides,
    )


def may_withdraw(whistle: Whistle, actor: Actor, promises: Promises) -> None:
    """Raises ForbiddenError or ConflictError."""
    own = actor.unit is not None and actor.unit == whistle.in_charge
    if own and actor.role in convening.CHAIRING:
        _nobody_came(whistle)
        return
    _own_street(whistle, actor, promises)
    _within_the_window(whistle, promises)


def _own_street(whistle: Whistle, actor: Actor, promises: Promises) -> Unit:
    """The caller's street, where it is that of the community that blew; raises ForbiddenError."""
    city = promises.city
    street = convening.street_over(city, whistle)
    speaks = actor.role in (Role.STREET_OFFICER, Role.LEADER)
    if not speaks or street is None or street.code != actor.unit:
        raise ForbiddenError(
            "只有吹哨社区所属街道可以接管或撤回",
            "only the street of the community that blew may take it over or withdraw it",
        )
    if not convening.by_community(city, whistle) or whistle.in_charge is None:
        raise convening.wrong_state(
            whistle,
            "只有社区自行吹的哨可以接管或撤回",
            "only what a community blew itself is taken over or withdrawn",
        )
    return street


def _within_the_window(whistle: Whistle, promises: Promises) -> None:
    if whistle.takeover_by is not None and promises.now > whistle.takeover_by:
        raise convening.wrong_state(
            whistle,
            "街道接管、撤回的 30 分钟已过",
            "the time in which the street could take it over or withdraw it has passed",
        )


def _nobody_came(whistle: Whistle) -> None:
    came = [
        part.unit
        for part in whistle.running()
        if part.relation is not Relation.INFORMED
        and (
            part.arrived_at is not None
            or part.state in (AssignmentState.WORKING, AssignmentState.DONE)
        )
    ]
    if came:
        raise convening.wrong_state(
            whistle,
            f"{'、'.join(came)} 已到场或已办理，不能撤回；请放行或验收",
            f"{', '.join(came)} came already: let them go or accept their work",
        )
