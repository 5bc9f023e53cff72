"""What the city set for joint matters: who lets units go, new limits, weights of an evaluation."""

from collections.abc import Mapping
from typing import Final

from shared.catalogue.limits import LimitError, Rule, parse_rule
from shared.contracts.values import WhistleKind
from shared.records import record

DIMENSIONS: Final = ("timely", "present", "effect", "cooperation")
ACCEPTED_KINDS: Final = frozenset(WhistleKind) - {WhistleKind.CITIZEN_DEMAND}
"""The kinds whose work is accepted; a citizen's demand ends with the citizen's word."""


@record
class Weights:
    """The most points of each dimension; together 100."""

    timely: int
    present: int
    effect: int
    cooperation: int


@record
class JointPolicy:
    """The city's settings of joint matters."""

    street_only: frozenset[WhistleKind]  # let go and accepted by the street alone
    photos: int  # at least so many prove an acceptance
    repeats_days: int  # earlier whistles of a place are shown that long
    redo: Mapping[WhistleKind, Rule]  # the new limit after a failed acceptance
    weights: Weights
    weight_of_kind: Mapping[WhistleKind, float]  # how much a whistle weighs in a unit's score
    shares: Mapping[str, float]  # evaluator class → share, of a community's whistle
    least_whistles: int  # no score of fewer


def read_joint(table: object) -> JointPolicy:
    """The table `joint` of the policy's file; raises ValueError on what is missing or wrong."""
    if not isinstance(table, dict):
        raise ValueError("joint: a table")
    try:
        weights = Weights(**table["points"])
        redo = {WhistleKind(kind): parse_rule(text) for kind, text in table["redo"].items()}
        policy = JointPolicy(
            street_only=frozenset(map(WhistleKind, table["street_only"])),
            photos=int(table["photos"]),
            repeats_days=int(table["repeats_days"]),
            redo=redo,
            weights=weights,
            weight_of_kind={
                kind: float(table["weight_of_kind"].get(kind.value, 1.0)) for kind in WhistleKind
            },
            shares={str(name): float(share) for name, share in table["shares"].items()},
            least_whistles=int(table["least_whistles"]),
        )
    except (KeyError, TypeError, AttributeError, LimitError) as error:
        raise ValueError(f"joint: {error}") from None
    _check(policy)
    return policy


def _check(policy: JointPolicy) -> None:
    points = [getattr(policy.weights, name) for name in DIMENSIONS]
    if sum(points) != 100 or min(points) < 1:
        raise ValueError("joint.points: four whole numbers that make 100")
    if set(policy.redo) != ACCEPTED_KINDS:
        raise ValueError("joint.redo: one limit for each kind that is accepted")
    if set(policy.shares) != {"community", "street"} or abs(sum(policy.shares.values()) - 1) > 1e-9:
        raise ValueError("joint.shares: community and street, together 1")
    if min(policy.weight_of_kind.values()) <= 0:
        raise ValueError("joint.weight_of_kind: above 0")
