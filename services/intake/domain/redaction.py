"""Takes what tells who a person is out of free text: phones, ID numbers, plates, doors, names.

Each is replaced by a typed mark such as 〔电话〕, so that whoever reads knows what stood there.
Full-width digits and Chinese numerals are read as digits. When in doubt it is taken out: the
original stays readable in the vault, a leak cannot be taken back.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from services.intake.domain.doors import address_door_spans, door_spans
from services.intake.domain.plain import arabic, half_width

Span = tuple[int, int]


class Kind(StrEnum):
    """What was taken out."""

    ID_NUMBER = "id_number"  # 身份证号
    PHONE = "phone"  # 电话
    PLATE = "plate"  # 车牌号
    DOOR = "door"  # 门牌
    NAME = "name"  # 姓名


MARKS: Final[Mapping[Kind, str]] = {
    Kind.ID_NUMBER: "〔身份证号〕",
    Kind.PHONE: "〔电话〕",
    Kind.PLATE: "〔车牌号〕",
    Kind.DOOR: "〔门牌〕",
    Kind.NAME: "〔姓名〕",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Redacted:
    """A text without personal data, and how many of each kind were taken out."""

    text: str
    found: Mapping[Kind, int]


_GAP = r"[ \t-]{0,2}"
_MONTH_DAY = rf"(?:0[1-9]|1[0-2]){_GAP}(?:0[1-9]|[12]\d|3[01])"
_ID_NUMBER = re.compile(
    rf"(?<!\d)(?:[1-9]\d{{5}}{_GAP}(?:18|19|20)\d\d{_GAP}{_MONTH_DAY}{_GAP}\d{{3}}[\dXx]"
    # 15 digits were given until 1999; a year 00–09 would rather be a grid code
    rf"|[1-9]\d{{5}}{_GAP}[1-9]\d{_MONTH_DAY}{_GAP}\d{{3}}"
    r"|[1-9]\d{16}[Xx])(?!\d)"
    r"|(?<=身份证)[^\d\n]{0,6}(?P<said>\d{14,19}[Xx]?)(?!\d)"
)
_PHONE = re.compile(
    # mobile: 138 1234 5678, 138-1234-5678, 1 3 8 …, 138.1234.5678, +86, 0086
    rf"(?<!\d)(?:(?:\+|00)?86{_GAP})?"
    r"(?:1[ -]?[3-9](?:[ \t-]{0,3}\d){9}|1[3-9]\d[.·]\d{4}[.·]\d{4})(?!\d)"
    # with an area code: 0478-8212345, (0478)821-2345, 010 82123456 转 801
    r"|(?<!\d)\(?0\d{2,3}\)?[ -]{0,3}\d{3,4}[ -]?\d{4}(?!\d)(?:[ -]{0,2}(?:转|分机)[ ]?\d{1,6})?"
    # without one only where it is called a phone
    r"|(?:电话|手机号?|座机|联系方式|致电|拨打|来电|[Tt][Ee][Ll])[^\d\n。]{0,4}"
    r"(?P<said>\d{3,4}[ -]?\d{4}(?:[ 、,/和或]{1,2}\d{3,4}[ -]?\d{4})*)(?!\d)"
)
_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使]"
    r"[ ]?[A-Za-z][ ·•.-]{0,2}(?=[A-Za-z0-9]{0,5}\d)"
    r"(?:[A-Za-z0-9]{5,6}|[A-Za-z0-9]{4}[挂学警港澳领试超])(?![A-Za-z0-9])"
)
_DIGIT = re.compile("[0-9]")
_NUMERALS = re.compile("(?:[0-9零〇一二三四五六七八九幺两][ -]?){3}")
_FINDERS: Final = ((Kind.ID_NUMBER, _ID_NUMBER), (Kind.PHONE, _PHONE), (Kind.PLATE, _PLATE))
# Phones and ID numbers have at least seven digits.
_LONG_NUMBER = re.compile(r"[0-9](?:[ \t\-.·()]{0,3}[0-9]){6}")
_SURNAMES = (
    "欧阳|上官|司马|诸葛|东方|皇甫|尉迟|公孙|慕容|令狐|呼延|[赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何"
    "吕施张孔曹严华金魏陶姜戚谢邹喻柏窦章苏潘葛范彭郎鲁韦马苗方俞任袁柳鲍史唐费薛雷贺倪汤罗毕郝邬安常"
    "乐傅齐康伍余顾孟黄穆萧尹姚邵汪祁毛米贝戴宋庞熊纪舒屈项祝董梁杜阮蓝季贾路江童颜郭梅林钟徐邱骆高夏蔡"
    "田樊胡凌霍虞万柯管卢莫房解丁邓洪包石崔龚程邢裴陆荣翁段侯宁仇甘武刘景龙叶白赖乔温庄柴瞿阎连习向古易廖"
    "耿匡曾关查游聂晏闫肖]"
)
_SAID_NAME = re.compile(
    rf"(?:我叫|本人叫|名叫|姓名|联系人)[是为:： ]{{0,2}}(?P<said>(?:{_SURNAMES})[一-鿿]{{1,2}})"
    r"(?=[,，。；;、！!（( \n]|电话|手机|$)"
)
# What operators write where nobody gave a name; taking these out would only spoil the text.
_NO_NAMES = frozenset(
    re.split(
        " ",
        "匿名 匿名用户 匿名市民 市民 群众 居民 业主 住户 用户 村民 商户 诉求人 来电人 投诉人 举报人"
        " 反映人 网友 无名 不详 未知 先生 女士 保密",
    )
)


def redact(text: str, *, names: Iterable[str] = ()) -> Redacted:
    """The text without phones, ID numbers, plates, door numbers and the given names."""
    spans = {kind: list(found) for kind, found in _find(text, names)}
    marked = sorted((start, end, kind) for kind, found in spans.items() for start, end in found)
    parts: list[str] = []
    done = 0
    for start, end, kind in marked:
        parts += (text[done:start], MARKS[kind])
        done = end
    parts.append(text[done:])
    return Redacted(
        text="".join(parts), found={kind: len(found) for kind, found in spans.items() if found}
    )


def _find(text: str, names: Iterable[str]) -> Iterator[tuple[Kind, list[Span]]]:
    """Spans of each kind; what one kind took is covered for the next.

    Chinese numerals are read in a second look only: 13812345678一直不通 is no number of 12 digits.
    """
    spans: dict[Kind, list[Span]] = {kind: [] for kind in Kind}
    left = half_width(text)
    if _DIGIT.search(left):
        left = _numbers(left, spans)
    if _NUMERALS.search(left):
        left = _numbers(arabic(left), spans)
    # Names are looked for as written: a Chinese numeral may be part of one.
    spans[Kind.NAME] = _name_spans(text, left, names)
    yield from spans.items()


def _numbers(left: str, spans: dict[Kind, list[Span]]) -> str:
    finders = _FINDERS if _LONG_NUMBER.search(left) else _FINDERS[-1:]
    for kind, finder in finders:
        found = [_said(match) for match in finder.finditer(left)]
        left = _cover(left, found)
        spans[kind] += found
    doors = door_spans(left)
    spans[Kind.DOOR] += doors
    return _cover(left, doors)


def _said(match: "re.Match[str]") -> Span:
    """The span of what a cue word announced, or of the whole match."""
    return match.span("said") if match.groupdict().get("said") is not None else match.span()


def _name_spans(text: str, left: str, names: Iterable[str]) -> list[Span]:
    wanted = {name.strip() for name in names} - _NO_NAMES
    given = [re.escape(name) for name in sorted(wanted, key=len, reverse=True) if len(name) >= 2]
    finders = [re.compile("|".join(given))] if given else []
    taken: list[Span] = []
    for finder in (*finders, _SAID_NAME):
        for match in finder.finditer(text):
            start, end = _said(match)
            if COVER not in left[start:end] and all(end <= a or start >= b for a, b in taken):
                taken.append((start, end))
    return taken


COVER: Final = "\uffff"


def generalise_address(address: str, *, names: Iterable[str] = ()) -> tuple[str, bool]:
    """An address without its door, and whether there was one; other personal data as in `redact`.

    河湾锦苑3号楼2单元501 becomes 河湾锦苑3号楼.
    """
    half = half_width(address)
    doors = sorted({*address_door_spans(half), *address_door_spans(arabic(half))})
    kept: list[str] = []
    done = 0
    for start, end in doors:
        kept.append(address[done:start])
        done = max(done, end)
    kept.append(address[done:])
    general = "".join(kept).strip(" 　-－,，、") if doors else address
    return redact(general, names=names).text, bool(doors)


def _cover(text: str, spans: Iterable[Span]) -> str:
    for start, end in spans:
        text = f"{text[:start]}{COVER * (end - start)}{text[end:]}"
    return text


def first_sentence(text: str, *, most: int = 30) -> str:
    """A title for a text: its first sentence, at most `most` characters, no mark cut in two."""
    sentence = re.split(r"[。！？!?\n；;]", text.strip(), maxsplit=1)[0].strip() or text.strip()
    if len(sentence) <= most:
        return sentence
    cut = sentence[: most - 1]
    opened = cut.rfind("〔")
    if opened > cut.rfind("〕"):
        cut = cut[:opened]
    return f"{cut}…"
