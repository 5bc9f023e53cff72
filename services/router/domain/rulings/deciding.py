"""Who may decide what a unit asked for, and why somebody may not: one rule for all of it.

Never the official who dispatched (DOMAIN §9). What a dispatched matter asks of a reviewer, the
supervisor on rota may decide too; who need not assist any longer, the dispatcher, as it called the
unit. What is the supervisor's nobody else may, nor what a street blew but the street.
"""

from collections.abc import Mapping
from typing import Final

from services.router.domain.city import City
from services.router.domain.whistle import Whistle
from shared.contracts.parts import Actor, Role
from shared.errors import ForbiddenError
from shared.records import record

_STAND_IN: Final[Mapping[Role, frozenset[Role]]] = {
    Role.REVIEWER: frozenset({Role.SUPERVISOR}),
    Role.DISPATCHER: frozenset({Role.REVIEWER, Role.SUPERVISOR}),
}
"""Who else may decide what is a role's; of all other roles nobody."""


@record
class Blocked:
    """Why a caller may not decide."""

    zh: str
    en: str


def blocked(
    for_role: Role, *, dispatched_by: Actor | None, caller: Actor, judges_dispatch: bool
) -> Blocked | None:
    """Why the caller may not decide, None when it may.

    `judges_dispatch`: the decision says whether the dispatch was right, or stands on it.
    """
    if caller.role is not for_role and caller.role not in _STAND_IN.get(for_role, ()):
        if for_role is Role.SUPERVISOR:
            return Blocked(zh="此事项须由督办员决定", en="this is for the supervisor to decide")
        return Blocked(
            zh="您的角色不能决定此事项", en=f"role {caller.role.value} may not decide this"
        )
    if judges_dispatch and dispatched_by is not None and _same(dispatched_by, caller):
        return Blocked(zh="派单人不得裁定本人派出的工单", en="the dispatcher may not rule on it")
    return None


def _same(dispatched_by: Actor, caller: Actor) -> bool:
    """The same official: by name, or by role where neither has one."""
    if dispatched_by.role is Role.SYSTEM:
        return False
    if dispatched_by.name is None:
        return caller.name is None and dispatched_by.role is caller.role
    return dispatched_by.name == caller.name


def reviewed_by(whistle: Whistle, city: City) -> Role:
    """Whose word it takes: a reviewer's; from the third round on the supervisor leads."""
    late = whistle.round >= city.policy.judging.supervisor_from_round
    return Role.SUPERVISOR if late else Role.REVIEWER


def demand(
    for_role: Role, *, whistle: Whistle, caller: Actor, judges_dispatch: bool = True
) -> None:
    """Raises ForbiddenError when the caller may not decide about this whistle."""
    found = blocked(
        for_role,
        dispatched_by=dispatched_by(whistle),
        caller=caller,
        judges_dispatch=judges_dispatch,
    )
    if found is not None:
        raise ForbiddenError(found.zh, found.en)


def dispatched_by(whistle: Whistle) -> Actor:
    """Who dispatched it, or blew it."""
    return Actor(role=whistle.dispatcher_role, name=whistle.dispatcher_name)
