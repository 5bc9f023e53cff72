"""The Chinese names of the domain's choices, for display and for reading tables in Chinese."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from shared.contracts.values import Channel, Relation, TicketType, Urgency, WhistleKind

Member = TypeVar("Member", bound=StrEnum)

# By enum and not in one mapping: members of two enums with the same text are equal as keys.
LABELS_ZH: Mapping[type[StrEnum], Mapping[str, str]] = {
    Urgency: {
        Urgency.CRITICAL: "特急",
        Urgency.URGENT: "紧急",
        Urgency.NORMAL: "一般",
    },
    TicketType: {
        TicketType.CONSULT: "咨询",
        TicketType.HELP: "求助",
        TicketType.SUGGEST: "建议",
        TicketType.TIP_OFF: "举报",
        TicketType.COMPLAIN: "投诉",
        TicketType.PRAISE: "表扬",
    },
    Channel: {
        Channel.HOTLINE: "12345热线",
        Channel.RESIDENT_PAGE: "群众端",
        Channel.ONE_TAP: "一键报事",
        Channel.QR_CODE: "扫码",
        Channel.CHAT_GROUP: "居民群",
        Channel.OPEN311: "开放接口",
        Channel.PATROL: "街道与网格巡查",
    },
    WhistleKind: {
        WhistleKind.EMERGENCY: "应急处置",
        WhistleKind.JOINT_ENFORCEMENT: "综合执法",
        WhistleKind.KEY_WORK: "重点工作",
        WhistleKind.CITIZEN_DEMAND: "群众诉求",
    },
    Relation: {
        Relation.LEAD: "主办",
        Relation.ASSISTING: "协办",
        Relation.INFORMED: "知会",
    },
}


def label_zh(member: StrEnum) -> str:
    """The Chinese name of a choice; raises KeyError for an enum that has none."""
    return LABELS_ZH[type(member)][member]


def from_label_zh(kind: type[Member], label: str) -> Member:
    """The choice of that Chinese name; raises ValueError."""
    for member in kind:
        if LABELS_ZH[kind][member] == label:
            return member
    raise ValueError(f"{label!r} is none of {'、'.join(LABELS_ZH[kind].values())}")
