"""Which of the five things a request should tell are there: time, place, who, what, wish.

A hint for the operator's next question, never a refusal: people tell things in their own words, so
a pattern only claims to have seen an element, with the words it saw. What the form has in a field
of its own counts as told.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from services.intake.domain.plain import half_width


class Element(StrEnum):
    """What a request should tell."""

    TIME = "time"  # 时间
    PLACE = "place"  # 地点
    WHO = "who"  # 人物
    WHAT = "what"  # 事由
    WISH = "wish"  # 诉求


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One element; `words` are the first that tell it, "" where a field does or nothing does."""

    element: Element
    told: bool
    words: str = ""


_NUMBER = r"[0-9一二三四五六七八九十两几半多]{1,12}"  # a bound keeps the search linear
_TIME = (
    rf"{_NUMBER}\s?(?:年|个?月|号|日|点|时|分钟|小时|个?星期|周|天|晚)(?!楼|院|门|线|车)"
    r"|(?:今|昨|前|明|当|每|整|连)(?:天|日|早|晚|夜|年)|(?:周|星期|礼拜)[一二三四五六日天末]"
    r"|凌晨|清晨|早[上晨]|上午|中午|下午|傍晚|晚[上间]|夜[里间晚]|半夜|深夜|白天"
    r"|近[日期来年]|最近|目前|现在|刚[才刚]|这[几两]天|[上本这下](?:周|月|星期|个月)|去年|一直|长期|至今"
    r"|[0-9]{1,2}:[0-9]{2}|[0-9]{4}[-/.][0-9]{1,2}"
)
_PLACE = (
    r"[\u4e00-\u9fffA-Za-z0-9]{1,8}?(?:小区|社区|街道|大道|公园|花园|家园|新村|公寓|大厦|广场|商场|市场"
    r"|超市|学校|中学|小学|幼儿园|医院|车站|路口|路段|桥|隧道|工地|号楼|单元|嘎查|苏木|胡同|巷|[镇乡村旗区路街])"
)
_WHO = (
    r"[\u4e00-\u9fff]{0,6}?(?:公司|物业|开发商|施工方|施工队|工地|商户|商铺|商家|饭店|店[主家铺]|烧烤|摊贩|业委会"
    r"|居委会|村委会|供热|供水|供电|燃气|学校|医院|银行|单位|部门|城管|交警|司机|车主|老板|房东|中介|邻居"
    r"|租户|住户|居民|业主|群众|市民|村民|老人|孩子|学生|家长|工人|员工|师傅|同志|医生|老师|管理处|客服|爸|妈|娃娃|小孩)"
    r"|楼[上下]|隔壁|对门|有人|一家|我[们家]?|本人|他们?|她们?"
)
_WHAT = (
    r"不[\u4e00-\u9fff]{1,3}|没[有人]?[\u4e00-\u9fff]{1,2}|无[法人证故][\u4e00-\u9fff]{0,2}|未[\u4e00-\u9fff]{1,3}"
    r"|[坏漏堵断塌裂脏臭吵冷黑慢]了?|停[水电气暖]|损坏|破损|噪[音声]|扰民|油烟|异味|污染|垃圾|积水|拖欠|拒绝|违[法规章建]"
    r"|占[道用]|乱[\u4e00-\u9fff]{1,2}|收费|涨价|欺诈|隐患|危险|拥堵|打架|丢失|走失|受伤|困难|纠纷"
    r"|怎么|如何|是否|能否|可否|哪[里些个]|什么|多少|几点|多久|吗[？?]?|[？?]|感谢|表扬|点赞|认真负责"
)
_WISH = (
    r"希望|恳请|恳求|(?<!申)请[求问予尽帮您有相]?|要求|建议|盼|望[贵领尽能]|能否|可否|是否可以|尽快|尽早|咨询|想[问知了]"
    r"|怎么[办样申缴]|如何|给[个予]?[\u4e00-\u9fff]{0,3}(?:说法|答复|解决|处理)|[派来][人员]|诉求|赔偿|退[款还费]"
    r"|维修|修[好理一]|处理|解决|查处|整改|核实|答复|回复|帮忙|帮助|求助|表扬|感谢"
)
_PATTERNS: Final[Mapping[Element, re.Pattern[str]]] = {
    Element.TIME: re.compile(_TIME),
    Element.PLACE: re.compile(_PLACE),
    Element.WHO: re.compile(_WHO),
    Element.WHAT: re.compile(_WHAT),
    Element.WISH: re.compile(_WISH),
}


def elements(text: str, *, place_given: bool = False, time_given: bool = False) -> tuple[Told, ...]:
    """All five in the order an operator asks for them, each with whether it is told."""
    given = {Element.PLACE: place_given, Element.TIME: time_given}
    plain = half_width(text)
    return tuple(_told(element, plain, given=given.get(element, False)) for element in Element)


def _told(element: Element, plain: str, *, given: bool) -> Told:
    found = _PATTERNS[element].search(plain)
    return Told(
        element=element,
        told=given or found is not None,
        words=found.group() if found else "",
    )


def missing(told: tuple[Told, ...]) -> tuple[Element, ...]:
    """What to ask for next."""
    return tuple(each.element for each in told if not each.told)
