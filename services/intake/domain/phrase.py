"""A phrase: a short text that is written again and again, with places to fill in."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

_BLANK: Final = re.compile(r"\{([^{}\n]{1,20})\}")


class Use(StrEnum):
    """Where a phrase is put in."""

    DESCRIPTION = "description"  # 诉求描述
    ANSWER = "answer"  # 答复
    CALLBACK = "callback"  # 回访


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """`category` is a minor or major one; None is any."""

    phrase_id: UUID
    account: str
    owner_name: str
    use: Use
    title: str
    body: str
    category: str | None
    shared: bool
    at: datetime

    @property
    def blanks(self) -> list[str]:
        """What is to be filled in, in order, each once: 反映{地点}的路灯 has 地点."""
        return list(dict.fromkeys(_BLANK.findall(self.body)))
