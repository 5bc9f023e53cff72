"""The timeline in the words of residents: what officials call it is said plainly.

A line that carries somebody's words (a reply, a reason, the resident's own) stays as it was told;
the others are told by a string of their own, `line.<what>`, with the unit that did it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.intake.domain.case import Line

# told by a string, with {who}
TOLD: Final = frozenset(
    {
        "registered",
        "held",
        "acknowledged",
        "deemed_acknowledged",
        "contacted",
        "arrived",
        "assisting_added",
        "unit_offered",
        "unit_returned",
        "return_requested",
        "return_refused",
        "disputed",
        "adjudicated",
        "extension_requested",
        "extension_refused",
        "released",
        "resumed",
        "review_passed",
        "accepted",
        "rung_climbed",
        "supervised",
        "supervision_answered",
        "callback_opened",
        "rework_requested",
        "closed",
        "archived",
        "merge_conflict",
        "merged",
        "joined",
        "left",
        "linked",
        "merge_undone",
    }
)
# of no use to the person, or told elsewhere on the page
LEFT_OUT: Final = frozenset({"whistled", "evaluated", "disclosed", "view_recorded"})
_PLAIN: Final[Mapping[str, str]] = {
    "（主办）": "（负责）",
    "（协办）": "（配合）",
    "（知会）": "（知晓）",
    "挂账": "暂缓办理",
    "重办": "重新办理",
    "工单": "诉求",
    "签收": "接手",
}
# whose words are our own, so that jargon in them may be replaced
_OURS: Final = frozenset({"blown", "missed", "corrected", "due_changed"})
_THEM: Final = "诉求人"
# Of other people's tickets not even the number is told.
_NUMBER: Final = re.compile(r"(?:工单|诉求)?\d{19,}")
_OTHERS: Final = frozenset({"joined", "left", "linked"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainLine:
    """One line as a resident reads it: a string's key, or the text as it stands."""

    at: datetime
    what: str
    who: str
    told: bool
    text: str
    own: bool  # the resident's


def plain_lines(lines: Iterable[Line]) -> tuple[PlainLine, ...]:
    """The lines worth reading, newest first; what happened at once keeps its order."""
    told = [_plain(line) for line in lines if line.what not in LEFT_OUT]
    return tuple(reversed(told))


def _plain(line: Line) -> PlainLine:
    text = line.zh
    if line.what in _OURS:
        for word, plain in _PLAIN.items():
            text = text.replace(word, plain)
    own = line.who == _THEM and line.what not in _OTHERS
    if not own:
        text = _NUMBER.sub("另一件反映", text)
    return PlainLine(
        at=line.at,
        what=line.what,
        who="" if line.what in _OTHERS else line.who,
        told=line.what in TOLD,
        text=text,
        own=own,
    )
