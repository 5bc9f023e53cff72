"""Who decides in a street's or community's matter, and who is told of what was decided.

The one in charge blew the whistle, or took it over; the street of a community chairs beside it
(DOMAIN §4). Of some kinds, emergencies first of all, the street alone lets units go and accepts.
"""

from typing import Any, Final

from services.router.domain.city import City
from services.router.domain.dues import Promises
from services.router.domain.whistle import WHISTLE, Whistle, WhistleCommand
from services.router.domain.words import WHISTLE_ZH
from shared.catalogue.model import Unit, UnitKind
from shared.contracts.bureaus import View
from shared.contracts.parts import Actor, Role, WhistleState
from shared.errors import ConflictError, ForbiddenError
from shared.lifecycle import IllegalMoveError

CHAIRING: Final = frozenset(
    {
        Role.STREET_OFFICER,
        Role.COMMUNITY_WORKER,
        Role.LEADER,
        Role.SUPERVISOR,
        Role.DISPATCHER,
    }
)
"""Who may speak for the unit in charge; a grid worker calls, the street decides."""

OF_TICKETS: Final = frozenset({Role.DISPATCHER, Role.REVIEWER, Role.SUPERVISOR})
"""Who decides where no street is in charge: of what was dispatched for a ticket."""

COMMAND_ZH: Final = {
    WhistleCommand.CONSULT: "会商",
    WhistleCommand.ACCEPT: "验收",
    WhistleCommand.FAIL_ACCEPTANCE: "验收",
    WhistleCommand.TAKE_OVER: "接管",
    WhistleCommand.WITHDRAW: "撤回",
    WhistleCommand.NOTE_EFFORT: "补充自行处置情况",
    WhistleCommand.EVALUATE: "评价",
}


def blower_of(city: City, whistle: Whistle) -> Unit | None:
    """The unit that blew it, where it is still one of the city's."""
    return city.catalogue.units.get(whistle.blower or "")


def street_over(city: City, whistle: Whistle) -> Unit | None:
    """The street of the blower: itself, or a community's."""
    blower = blower_of(city, whistle)
    return city.catalogue.street_unit(blower.region_code) if blower else None


def by_community(city: City, whistle: Whistle) -> bool:
    """Whether a community blew it."""
    blower = blower_of(city, whistle)
    return blower is not None and blower.kind is UnitKind.COMMUNITY


def chairs(city: City, whistle: Whistle, *, street_only: bool = False) -> frozenset[str]:
    """The units whose people decide; none for what was dispatched for a ticket."""
    if whistle.in_charge is None:
        return frozenset()
    street = street_over(city, whistle)
    if street is None:
        return frozenset({whistle.in_charge})
    if street_only and whistle.kind in city.policy.joint.street_only:
        return frozenset({street.code})
    return frozenset({whistle.in_charge, street.code})


def may_chair(city: City, whistle: Whistle, actor: Actor, *, street_only: bool = False) -> bool:
    """Whether this official decides in the matter."""
    if whistle.in_charge is None:
        return actor.role in OF_TICKETS
    return actor.role in CHAIRING and actor.unit in chairs(city, whistle, street_only=street_only)


def must_chair(
    city: City, whistle: Whistle, actor: Actor, what_zh: str, *, street_only: bool = False
) -> None:
    """Raises ForbiddenError unless this official decides in the matter."""
    if may_chair(city, whistle, actor, street_only=street_only):
        return
    units = chairs(city, whistle, street_only=street_only)
    names = "或".join(city.catalogue.unit(u).name for u in sorted(units))
    codes = ", ".join(sorted(units)) or "a dispatcher, reviewer or supervisor"
    raise ForbiddenError(
        f"本哨单由{names or '派单员、审核员、督办员'}{what_zh}",
        f"only {codes} decides in this matter",
    )


def next_state(whistle: Whistle, command: WhistleCommand) -> WhistleState:
    """The state after a command; raises ConflictError with the current one."""
    try:
        return WHISTLE.next(whistle.state, command)
    except IllegalMoveError:
        raise wrong_state(
            whistle,
            f"哨单当前为“{WHISTLE_ZH[whistle.state]}”，不能{COMMAND_ZH[command]}",
            f"the whistle is {whistle.state.value}: {command.value} is not allowed",
        ) from None


def wrong_state(whistle: Whistle, zh: str, en: str) -> ConflictError:
    """The refusal that carries the current state and version."""
    return ConflictError(zh, en, code="wrong_state", state=whistle.state, version=whistle.seq)


def about(whistle: Whistle, actor: Actor, promises: Promises) -> dict[str, Any]:
    """The fields of every fact about a whistle; it is said with the whistle's `seq`."""
    return {
        "seq": whistle.seq,
        "actor": actor,
        "policy": promises.city.version,
        "whistle_id": whistle.whistle_id,
        "ticket_ids": whistle.ticket_ids,
        "round": whistle.round,
    }


def told(
    city: City, whistle: Whistle, actor: Actor, view: View, *, before: Whistle | None = None
) -> tuple[tuple[str, View], ...]:
    """The view for every unit that has a part, and for the blower where somebody else acted."""
    units = dict.fromkeys(part.unit for part in (before or whistle).running())
    blower = blower_of(city, whistle)
    if blower is not None and whistle.in_charge is not None and blower.code != actor.unit:
        units[blower.code] = None
    return tuple((unit, view) for unit in units)
