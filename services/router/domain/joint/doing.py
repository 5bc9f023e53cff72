"""What an official may do with a joint matter now: what the console offers."""

from collections.abc import Iterable

from services.router.domain.dues import Promises
from services.router.domain.joint import convening, taking_over
from services.router.domain.joint.evaluation import Mark, evaluators, subjects
from services.router.domain.whistle import WHISTLE, Whistle, WhistleCommand
from shared.contracts.parts import Actor, WhistleState
from shared.errors import ShaodaoError


def may_do(
    whistle: Whistle, *, actor: Actor, promises: Promises, marks: Iterable[Mark]
) -> tuple[str, ...]:
    """Names of commands, as their routes are called; the needs of each are told when it is made."""
    city = promises.city
    found = []
    allows = WHISTLE.allows

    def chairs(*, street_only: bool) -> bool:
        return convening.may_chair(city, whistle, actor, street_only=street_only)

    if allows(whistle.state, WhistleCommand.CONSULT) and chairs(street_only=False):
        found.append("consult")
    if whistle.state is WhistleState.OPEN and chairs(street_only=True):
        found.append("release")
    if allows(whistle.state, WhistleCommand.ACCEPT) and chairs(street_only=True):
        found += ["accept", "fail_acceptance"]
    if _could(taking_over.take_over, whistle, actor, promises):
        found.append("take_over")
    if _could(taking_over.withdraw, whistle, actor, promises):
        found.append("withdraw")
    own = actor.unit is not None and actor.unit == whistle.blower
    if own and allows(whistle.state, WhistleCommand.NOTE_EFFORT):
        found.append("note_effort")
    if allows(whistle.state, WhistleCommand.EVALUATE) and _owes_marks(
        whistle, actor, promises, marks
    ):
        found.append("evaluate")
    return tuple(found)


def _could(
    command: taking_over.Command, whistle: Whistle, actor: Actor, promises: Promises
) -> bool:
    """Whether the rules would let it through now."""
    try:
        command(whistle, taking_over.Because(reason="?"), actor=actor, promises=promises)
    except ShaodaoError:
        return False
    return True


def _owes_marks(whistle: Whistle, actor: Actor, promises: Promises, marks: Iterable[Mark]) -> bool:
    given = {(mark.unit, mark.evaluator_class) for mark in marks}
    classes = [c for c, u in evaluators(promises.city, whistle).items() if u == actor.unit]
    speaks = actor.role in convening.CHAIRING
    return speaks and any((p.unit, c) not in given for p in subjects(whistle) for c in classes)
