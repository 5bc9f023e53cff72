"""Takes the places that tell a home out of free text: compounds, communities, buildings, rooms.

Masked, as one 〔地点〕 for what stands together:
- the names and aliases of the catalogue's compounds and its communities, the latter also without
  社区, as far as no road or bridge is called so, and what the caller knows the place by besides;
- buildings (3号楼, 12栋, A座, 5#), stairways (二单元), rooms (501室, 〔门牌〕), and behind any of
  these the floor, phase, side or bare number that goes on (锦苑小区二期3-2-501, 3号楼五层东户);
- the number of a house in a road: 滨河路12号 keeps its road.

What cannot be masked: names that the catalogue does not have, short forms nobody listed as an
alias, misspellings, a road by itself, shops, schools and whatever else is near, and what tells a
home without naming a place. Streets and districts stay: these are told with the matter.
"""

import re
from collections.abc import Iterable
from functools import cached_property
from typing import Final

MARK: Final = "〔地点〕"

_COUNT: Final = r"(?:[0-9０-９]{1,4}|[零〇一二三四五六七八九十百]{1,4})"
_BUILDING: Final = (
    rf"(?:{_COUNT}[ ]?号(?:楼|院)"
    rf"|(?![一两][栋幢]){_COUNT}[ ]?[栋幢]"  # 加盖一栋 counts
    r"|(?:[A-Za-zＡ-Ｚ]|[0-9０-９]{1,3})[ ]?(?:座|[#＃]楼?))"
)
_UNIT: Final = rf"(?:{_COUNT}|[东西南北中])(?:单元|门洞)"
_ROOM: Final = r"(?:(?<![0-9０-９])[0-9０-９]{3,4}(?:室|号房|(?=户主))|〔门牌〕)"
_HOUSE: Final = r"(?<=[路街道巷弄同])[ ]?[0-9０-９]{1,4}(?:-[0-9]{1,3})?号(?![线令文])"
_GOES_ON: Final = "|".join(
    (
        *(_BUILDING, _UNIT, _ROOM),
        rf"{_COUNT}(?:楼|层|期)",
        r"[东西南北中左右]{1,2}(?:户|区)",
        r"[0-9０-９]{1,3}(?:[-－][0-9０-９]{1,4}){1,3}(?:号|室|户)?",
        r"[0-9０-９]{1,4}(?:号(?![线令文])|户(?![居业人家住]))",
        r"[0-9０-９]{3,4}(?![0-9０-９年月日元块平米户人个家名次天])",
    )
)
_LEAST: Final = 2  # characters of a name that may be looked for


class PlaceWords:
    """What places are called, to be taken out of texts; built once, compiled when first used."""

    def __init__(self, names: Iterable[str] = (), communities: Iterable[str] = ()) -> None:
        self._names = frozenset(name for name in names if len(name) >= _LEAST)
        self._communities = frozenset(name for name in communities if len(name) >= _LEAST)

    @cached_property
    def _pattern(self) -> "re.Pattern[str]":
        bare = {name.removesuffix("社区").removesuffix("嘎查") for name in self._communities}
        starts = [
            *_longest_first(self._names | self._communities | {MARK}),
            *(f"{name}(?![街路道巷桥])" for name in _longest_first(bare - self._names)),
            *(_BUILDING, _UNIT, _ROOM, _HOUSE),
        ]
        return re.compile(rf"(?:{'|'.join(starts)})(?:[ ,，、的]?(?:{_GOES_ON}|{MARK}))*")

    def masked(self, text: str, *, also: Iterable[str | None] = ()) -> str:
        """The text without them; `also`: what this matter's own place is called besides."""
        own = {each.strip() for each in also if each}
        for each in sorted(own, key=len, reverse=True):
            if len(each) >= _LEAST:
                text = text.replace(each, MARK)
        return self._pattern.sub(MARK, text)


def _longest_first(names: Iterable[str]) -> list[str]:
    return [re.escape(name) for name in sorted(names, key=lambda name: (-len(name), name))]
