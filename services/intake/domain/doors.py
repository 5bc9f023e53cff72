"""Finds exact doors in text: unit and room are taken, compound and building may stay.

A building houses many, so 3号楼 stays where 2单元501 behind it goes; a unit without a room (the
lamp of its stairway) is no door. Works on half-width text, with or without Chinese numerals.
"""

import re

Span = tuple[int, int]

_COUNT = r"(?:[0-9]{1,4}[A-Za-z]?|[A-Za-z][0-9]{0,3}|[零〇一二三四五六七八九十百]{1,4})"
# Behind a bare number these tell that it counts something and is no room.
_NO_MEASURE = (
    r"(?![\d年月日元块户人名位多余平米㎡m个家辆天次吨度点时分万亿套间栋层楼路伏瓦公千kK%号]"
    r"|[.\-/:]\d|门面|商铺)"
)
_ROOM = (
    r"[0-9]{3,5}[A-Za-z]?"
    rf"(?:号房|室|房(?![产屋价贷改租型补])|户(?![居业人家住0-9])|号(?![楼线文令路])|{_NO_MEASURE})"
)
_UNIT = rf"(?:{_COUNT}|[东西南北中])(?:单元|门洞)"
_FLOOR = rf"(?:{_COUNT}(?:层|楼)[ ,-]{{0,2}})?"
_SIDE = r"(?:[东西南北中左右]{1,2}户)"
_AFTER_BUILDING = r"(?:(?<=号楼)|(?<=#楼)|(?<=[栋幢座#]))"
_AFTER_PLACE = r"(?<=[区园苑城院庭府楼栋幢座期里舍坊湾岸邸轩阁居寓厦墅#])"

_DOORS = re.compile(
    "|".join(
        (
            # 门牌号123-4
            r"(?<=门牌)号?码?[是为: ]{0,2}(?P<plate>[0-9]{1,5}(?:-[0-9]{1,4})*号?(?:附[0-9]+号)?)",
            # 2单元501, 二单元5楼东户, 1单元3104,201
            rf"{_UNIT}[ ,\-]{{0,2}}{_FLOOR}(?:{_ROOM}|[0-9]{{1,2}}(?:室|号(?![楼线]))|{_SIDE})"
            rf"(?:[,、/和及][ ]?{_ROOM})*{_SIDE}?",
            # 12栋1204室, 3号楼501, 4#2-1501, A座1502
            rf"{_AFTER_BUILDING}[ ,\-]{{0,2}}(?P<room>{_FLOOR}(?:[0-9]{{1,2}}-)?{_ROOM}{_SIDE}?)",
            # 5-2-301, 3-5-2-301
            r"(?<![\d-])(?!400|800)(?:[0-9]{1,3}-)?[0-9]{1,3}-[0-9]{1,2}-[0-9]{3,4}(?:号|室|房|户)?"
            r"(?![\d\-])",
            # 锦苑5-301
            rf"{_AFTER_PLACE}[ ]?(?P<two>[0-9]{{1,2}}-{_ROOM})(?!-)",
            # 501室, 411房, 1005户主
            r"(?<![\d第.\-])[0-9]{3,4}(?:室|号房|房(?![产屋价贷改租型补])|(?=户主))",
            # one-storey rows: 3排5号; houses of a village: 3组12号
            r"(?<!\d)[0-9]{1,3}排[0-9]{1,3}(?:号|户)",
            r"(?<=\d组)[0-9]{1,4}号(?![楼线])",
        )
    )
)
_END_OF_ADDRESS = re.compile(
    rf"(?:{_AFTER_PLACE}|(?<=[ \-]))[ \-]?(?:[0-9]{{1,2}}-){{0,2}}[0-9]{{3,4}}(?:号|室|房|户)?$"
)


# Nearly every text has no door: one quick look saves the slow one.
_MAY_HAVE = re.compile(r"[0-9]{3}|[0-9](?:室|号|户)|[0-9][排组][0-9]|(?:单元|门洞).{0,9}户|门牌")


def door_spans(text: str) -> list[Span]:
    """Where doors stand in a half-width text, in order, not overlapping."""
    if _MAY_HAVE.search(text) is None:
        return []
    return [_inner(match) for match in _DOORS.finditer(text)]


def _inner(match: "re.Match[str]") -> Span:
    name = match.lastgroup
    return match.span(name) if name is not None else match.span()


def address_door_spans(text: str) -> list[Span]:
    """The same for an address, where a number at the end is a door without further signs."""
    spans = door_spans(text)
    last = _END_OF_ADDRESS.search(text)
    if last is not None and all(end <= last.start() for _, end in spans):
        spans.append(last.span())
    return spans
