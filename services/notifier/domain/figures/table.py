"""A table of figures for a spreadsheet: each rate in one cell with its n and what it covers."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Final

from services.notifier.domain.figures.figure import NO_SHARES, Figure, Measure
from shared.csv_text import BYTE_ORDER_MARK, line

FIGURE_ZH: Final[Mapping[Figure, str]] = {
    Figure.RESPONSE: "响应率",
    Figure.RESOLUTION: "解决率",
    Figure.SATISFACTION: "满意率",
    Figure.THREE_RATES: "三率综合",
    Figure.ACKNOWLEDGED_IN_TIME: "按时签收率",
    Figure.RESOLVED_IN_TIME: "按时办结率",
    Figure.RETURN_RATE: "退单率",
    Figure.UNFOUNDED_RETURN_RATE: "不当退单率",
    Figure.DISPATCH_ACCURACY: "派单准确率",
    Figure.HOPS: "平均转办次数",
    Figure.REWORK_RATE: "重办率",
    Figure.CALLBACK_RATE: "回访率",
    Figure.CALLBACK_REACH: "回访接通率",
    Figure.SOLVED_IN_ROUND_1: "一次办结解决率",
    Figure.FALSE_SOLVE_RATE: "虚假办结率",
    Figure.REQUESTS_PER_10K: "万人诉求量",
    Figure.WHISTLE_RATE: "吹哨率",
    Figure.ARRIVAL_RATE: "按时到场率",
    Figure.FIRST_ACCEPTANCE_RATE: "一次验收通过率",
    Figure.BUREAU_SCORE: "街道评价得分",
}
FIGURE_EN: Final[Mapping[Figure, str]] = {
    each: each.value.replace("_", " ").capitalize() for each in Figure
}
EXCLUDED_ZH: Final[Mapping[str, str]] = {
    "voided": "误派无效",
    "malicious": "恶意诉求",
    "statutory": "应走法定途径",
    "duplicate": "重复诉求",
    "test": "测试工单",
    "merged": "已并单",
    "withdrawn": "群众撤回",
}
NONE: Final = "—"


class Tongue(StrEnum):
    ZH = "zh-CN"  # 中文
    EN = "en"  # 英文


def percent(value: Decimal) -> str:
    return f"{value * 100:.2f}%"


def cell(figure: Figure, measure: Measure | None, tongue: Tongue) -> str:
    """A figure with its n, and the share of what it is about that n covers, in one cell."""
    if measure is None:
        return NONE
    value = measure.shown
    told = NONE if value is None else f"{value:.2f}" if figure in NO_SHARES else percent(value)
    covers = measure.coverage
    if tongue is Tongue.EN:
        rest = "" if covers is None else f", coverage {percent(covers)}"
        return f"{told} (n={measure.n}{rest})"
    rest = "" if covers is None else f"，覆盖{percent(covers)}"
    return f"{told}（n={measure.n}{rest}）"


def left_out(excluded: Mapping[str, int], tongue: Tongue) -> str:
    """How many tickets were left out, and why."""
    if not excluded:
        return "0"
    names = EXCLUDED_ZH if tongue is Tongue.ZH else {}
    told = "；".join(f"{names.get(why, why)} {n}" for why, n in sorted(excluded.items()))
    return f"{sum(excluded.values())}：{told}" if tongue is Tongue.ZH else told


Row = tuple[str | None, str | None, int, Mapping[str, int], Mapping[Figure, Measure]]


def csv_table(rows: Iterable[Row], figures: Sequence[Figure], tongue: Tongue) -> str:
    """The whole table; a row is key, name, tickets of the base, tickets left out, measures."""
    names = FIGURE_ZH if tongue is Tongue.ZH else FIGURE_EN
    head = ("分组", "名称", "计入工单", "剔除工单")
    if tongue is Tongue.EN:
        head = ("Key", "Name", "Tickets counted", "Tickets left out")
    text = BYTE_ORDER_MARK + line((*head, *(names[figure] for figure in figures)))
    for key, name, n, excluded, found in rows:
        told = (cell(figure, found.get(figure), tongue) for figure in figures)
        text += line((key or NONE, name or NONE, str(n), left_out(excluded, tongue), *told))
    return text
