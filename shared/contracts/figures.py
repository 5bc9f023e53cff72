"""Facts of the notifier about the figures: which tickets a supervisor ruled out of them.

Topic `deadlines`; key and subject are the ticket_id. `seq` counts the rulings on that ticket.
"""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from shared.contracts.parts import Fact
from shared.records import record


class ExclusionReason(StrEnum):
    """Why a ticket counts in no figure (DOMAIN §8); a supervisor rules."""

    VOIDED = "voided"  # 误派无效
    MALICIOUS = "malicious"  # 恶意诉求
    STATUTORY = "statutory"  # 应走法定途径
    DUPLICATE = "duplicate"  # 重复诉求
    TEST = "test"  # 测试工单


@record
class RulingFact(Fact):
    """What both rulings carry."""

    ticket_id: UUID
    exclusion_id: UUID
    reason: ExclusionReason
    words: str


@record
class Excluded(RulingFact):
    """The ticket counts in no figure from now on; it is counted and shown beside them."""

    TYPE: ClassVar[str] = "shaodao.figures.excluded.v1"


@record
class ExclusionEnded(RulingFact):
    """The ruling was taken back: the ticket counts again. `words` say why."""

    TYPE: ClassVar[str] = "shaodao.figures.exclusion_ended.v1"
