"""The small values that every contract is made of: a due time and the named choices of the domain.

Names are those of the glossary; a member's Chinese label stands at the end of its line and, for
display, in `shared.catalogue.labels`.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

from annotated_types import Ge, Le
from pydantic import AwareDatetime

from shared.records import record

Instant = Annotated[
    AwareDatetime, Ge(datetime(1900, 1, 1, tzinfo=UTC)), Le(datetime(2100, 1, 1, tzinfo=UTC))
]
"""A time with a zone said by someone outside, within the years that every part can work with."""


class Urgency(StrEnum):
    CRITICAL = "critical"  # 特急
    URGENT = "urgent"  # 紧急
    NORMAL = "normal"  # 一般


class TicketType(StrEnum):
    CONSULT = "consult"  # 咨询
    HELP = "help"  # 求助
    SUGGEST = "suggest"  # 建议
    TIP_OFF = "tip_off"  # 举报
    COMPLAIN = "complain"  # 投诉
    PRAISE = "praise"  # 表扬


class Channel(StrEnum):
    HOTLINE = "hotline"  # 12345热线
    RESIDENT_PAGE = "resident_page"  # 群众端
    ONE_TAP = "one_tap"  # 一键报事
    QR_CODE = "qr_code"  # 扫码
    CHAT_GROUP = "chat_group"  # 居民群
    OPEN311 = "open311"  # 开放接口
    PATROL = "patrol"  # 街道与网格巡查


class WhistleKind(StrEnum):
    EMERGENCY = "emergency"  # 应急处置
    JOINT_ENFORCEMENT = "joint_enforcement"  # 综合执法
    KEY_WORK = "key_work"  # 重点工作
    CITIZEN_DEMAND = "citizen_demand"  # 群众诉求


class Relation(StrEnum):
    LEAD = "lead"  # 主办
    ASSISTING = "assisting"  # 协办
    INFORMED = "informed"  # 知会


@record
class Due:
    """A promised instant, with what is needed to judge it again later.

    `by` and `started_at` are UTC instants; `rule` is the limit as written in the catalogue ("4wh",
    "5WD*0.8"); `calendar` and `policy` are the versions it was computed with. A provisional due
    time crossed a year whose holidays are not announced yet and is computed again once they are.
    """

    by: datetime
    rule: str
    started_at: datetime
    calendar: str
    policy: str
    provisional: bool = False
