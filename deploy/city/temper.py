"""The character of a bureau: seeded by its code, so that the slow one is slow in every run."""

from collections.abc import Mapping
from random import Random

from deploy.city.matter import Temper
from shared.contracts.bureaus import Whistled
from shared.contracts.parts import Handler
from shared.contracts.values import Relation, TicketType, Urgency, WhistleKind

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN = (
    *("志军", "慧敏", "建国", "丽华", "文博", "秀云", "海峰", "雪梅", "永强", "晓燕"),
    *("立新", "春梅", "国栋", "桂芬", "俊杰", "艳红", "宏伟", "淑珍", "少华", "玉兰"),
    *("振东", "佳宁", "天明", "思雨", "长青", "巴图", "其木格", "那顺", "苏日娜", "朝鲁"),
)
POSTS = ("科员", "值班员", "副科长", "中队长", "网格联络员", "现场负责人", "客服主管")

# How often a bureau of a kind takes a matter in which way.
CHARACTERS: Mapping[str, Mapping[Temper, int]] = {
    "brisk": {Temper.PROMPT: 84, Temper.STEADY: 12, Temper.SLOW: 2, Temper.RETURNING: 2},
    "even": {
        Temper.PROMPT: 52,
        Temper.STEADY: 35,
        Temper.SLOW: 6,
        Temper.ASKING: 6,
        Temper.SHELVING: 1,
    },
    "tardy": {
        Temper.PROMPT: 22,
        Temper.STEADY: 28,
        Temper.SLOW: 24,
        Temper.LATE: 22,
        Temper.SHELVING: 4,
    },
    "evasive": {
        Temper.PROMPT: 40,
        Temper.STEADY: 21,
        Temper.RETURNING: 26,
        Temper.ASKING: 9,
        Temper.SHELVING: 4,
    },
    "absent": {Temper.PROMPT: 34, Temper.STEADY: 24, Temper.LATE: 24, Temper.SILENT: 18},
}
SHARES: Mapping[str, int] = {"brisk": 40, "even": 28, "tardy": 14, "evasive": 10, "absent": 8}


def character_of(unit: str, *, seed: str) -> str:
    """The name of the unit's character in CHARACTERS."""
    return Random(f"{seed}/{unit}").choices(list(SHARES), list(SHARES.values()))[0]  # nosec B311


def handler_of(unit: str, *, seed: str, rng: Random) -> Handler:
    """One of the three people at the unit who handle matters."""
    desk = Random(f"{seed}/{unit}/{rng.randrange(3)}")  # nosec B311: dice of a game
    return Handler(name=desk.choice(SURNAMES) + desk.choice(GIVEN), post=desk.choice(POSTS))


def temper_for(unit: str, whistled: Whistled, *, seed: str, rng: Random) -> Temper:
    """How the unit takes this matter: its character's dice, within what is possible at all."""
    chances = CHARACTERS[character_of(unit, seed=seed)]
    drawn = rng.choices(list(chances), list(chances.values()))[0]
    return drawn if _possible(drawn, whistled) else Temper.PROMPT


def _possible(temper: Temper, whistled: Whistled) -> bool:
    part = whistled.assignment
    urgency = whistled.urgency
    return {
        Temper.RETURNING: part.relation is Relation.LEAD
        and whistled.kind is WhistleKind.CITIZEN_DEMAND
        and whistled.round == 1
        and whistled.blown_by.level != "community"
        and part.acknowledge is not None
        and somebody_else(part.unit, whistled) is not None,
        Temper.ASKING: part.relation is Relation.LEAD
        and urgency is Urgency.NORMAL
        and part.resolve is not None,
        Temper.SHELVING: part.relation is Relation.LEAD
        and whistled.kind is WhistleKind.CITIZEN_DEMAND
        and urgency is Urgency.NORMAL
        and not whistled.confidential
        and whistled.type in (TicketType.COMPLAIN, TicketType.SUGGEST, TicketType.HELP)
        and part.resolve is not None,
        Temper.SILENT: urgency is not Urgency.CRITICAL,
        Temper.LATE: urgency is not Urgency.CRITICAL or part.relation is Relation.LEAD,
    }.get(temper, True)


def somebody_else(unit: str, whistled: Whistled) -> str | None:
    """Whom the unit would rather see in its place: a bureau that is there already, none below."""
    others = [
        part.unit
        for part in whistled.units
        if part.unit != unit
        and part.relation is Relation.ASSISTING
        and not part.unit.startswith(("S-", "Q-", "P-"))
    ]
    return others[0] if others else None
