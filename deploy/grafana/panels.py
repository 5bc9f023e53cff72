"""The panels of the dashboards: one look for all, and from each a link to the runbook."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from grafana_foundation_sdk.builders import bargauge, heatmap, stat, timeseries
from grafana_foundation_sdk.builders.common import (
    GraphThresholdsStyleConfig,
    ReduceDataOptions,
    StackingConfig,
    VizLegendOptions,
    VizTextDisplayOptions,
    VizTooltipOptions,
)
from grafana_foundation_sdk.builders.dashboard import DashboardLink, FieldColor, ThresholdsConfig
from grafana_foundation_sdk.builders.heatmap import HeatmapColorOptions, YAxisConfig
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.models.common import (
    AxisPlacement,
    BarGaugeDisplayMode,
    BarGaugeNamePlacement,
    BarGaugeSizing,
    BarGaugeValueMode,
    BigValueColorMode,
    BigValueGraphMode,
    BigValueJustifyMode,
    BigValueTextMode,
    GraphThresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    StackingMode,
    TooltipDisplayMode,
    VisibilityMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardLinkType,
    DataSourceRef,
    DynamicConfigValue,
    FieldColorModeId,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMapping,
    ValueMappingResult,
)
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode
from grafana_foundation_sdk.models.prometheus import PromQueryFormat, QueryEditorMode

from deploy.grafana.queries import quantile

SOURCE: Final = DataSourceRef(type_val="prometheus", uid="${datasource}")
RUNBOOK: Final = "https://docs.shaodao.example/deploy/README.md"  # a deployment's own: build.py
GREEN, ORANGE, RED, BLUE = "green", "orange", "red", "blue"

COUNT, RATE, SECONDS, SHARE = "short", "cps", "s", "percentunit"
BYTES, BYTES_RATE = "bytes", "binBps"
SERVICE: Final = "{{job}}"  # the legend of what each service has, by `names="service"`
UP_OR_DOWN: Final = {"0": ("断开 down", RED), "1": ("正常 up", GREEN)}
Panel = stat.Panel | timeseries.Panel | bargauge.Panel | heatmap.Panel
Panels = Sequence[tuple[str, Panel]]  # in their order, by their names in the board's words
WORDS: Final = Path(__file__).with_name("words")
LEGENDS: Final = tomllib.loads((WORDS / "legends.toml").read_text("utf-8"))
P = TypeVar("P", stat.Panel, timeseries.Panel, bargauge.Panel, heatmap.Panel)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a panel shows: its title, what it means when it is bad, and where the runbook helps."""

    title: str
    note: str
    en: str
    section: str


def words_of(board: str) -> Mapping[str, About]:
    """The words of a board's panels, by their names in its file."""
    text = (WORDS / f"{board}.toml").read_text("utf-8")
    return {name: About(**words) for name, words in tomllib.loads(text).items()}


@dataclass(frozen=True, slots=True)
class Line:
    """One query of a panel and how its series are called."""

    expr: str
    legend: str = ""


def quantiles(histogram: str, *shares: float, labels: str = "") -> list[Line]:
    """A histogram over all copies, a line a quantile."""
    return [Line(quantile(q, histogram, labels), f"p{round(100 * q)}") for q in shares]


@dataclass(frozen=True, slots=True)
class Limits:
    """The colours of a panel's values from below to above; made by `above` and `below`."""

    steps: tuple[tuple[float | None, str], ...]


def above(doubtful: float, bad: float | None = None) -> Limits:
    """More is worse: doubtful from here on, bad from there; with one number bad at once."""
    if bad is None:
        return Limits(((None, GREEN), (doubtful, RED)))
    return Limits(((None, GREEN), (doubtful, ORANGE), (bad, RED)))


def below(doubtful: float, bad: float | None = None) -> Limits:
    """Less is worse: doubtful under this, bad under that; with one number bad at once."""
    if bad is None:
        return Limits(((None, RED), (doubtful, GREEN)))
    return Limits(((None, RED), (bad, ORANGE), (doubtful, GREEN)))


def value(
    expr: str,
    *,
    unit: str = COUNT,
    limits: Limits | None = None,
    decimals: int | None = None,
    services: bool = False,
    words: dict[str, tuple[str, str]] | None = None,
) -> stat.Panel:
    """One number to be read from afar, or one for each of the services.

    The whole tile has the colour of its state.
    """
    panel = (
        stat.Panel()
        .height(4)
        .with_target(_query("A", Line(expr, SERVICE if services else ""), instant=True))
        .unit(unit)
        .thresholds(_thresholds(limits))
        .color_scheme(FieldColor().mode(FieldColorModeId.THRESHOLDS))
        .color_mode(BigValueColorMode.BACKGROUND if limits else BigValueColorMode.VALUE)
        .graph_mode(BigValueGraphMode.NONE)
        .justify_mode(BigValueJustifyMode.CENTER)
        .text_mode(BigValueTextMode.VALUE_AND_NAME if services else BigValueTextMode.VALUE)
        .text(VizTextDisplayOptions().value_size(28 if services else 48))
        .orientation(VizOrientation.AUTO)
        .reduce_options(ReduceDataOptions().calcs(["lastNotNull"]).fields("").values(False))
        .no_value("无数据 / no data")
        .wide_layout(True)
        .show_percent_change(False)
    )
    if decimals is not None:
        panel.decimals(decimals)
    if words:
        panel.mappings([_mapping(words)])
    return _with_names(panel, "service" if services else "")


def course(
    *lines: Line,
    unit: str = COUNT,
    limits: Limits | None = None,
    stacked: bool = False,
    names: str = "",
) -> timeseries.Panel:
    """How something went over time; limits are drawn as dashed lines."""
    style = GraphThresholdsStyleMode.DASHED if limits else GraphThresholdsStyleMode.OFF
    panel = (
        timeseries.Panel()
        .height(8)
        .targets([_query(ref, line) for ref, line in zip("ABCDEFGH", lines, strict=False)])
        .unit(unit)
        .thresholds(_thresholds(limits))
        .thresholds_style(GraphThresholdsStyleConfig().mode(style))
        .color_scheme(FieldColor().mode(FieldColorModeId.PALETTE_CLASSIC))
        .line_width(2)
        .fill_opacity(25 if stacked else 8)
        .show_points(VisibilityMode.NEVER)
        .axis_placement(AxisPlacement.AUTO)
        .axis_soft_min(0)
        .legend(_legend())
        .tooltip(VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING))
    )
    if stacked:
        panel.stacking(StackingConfig().mode(StackingMode.NORMAL).group("A"))
    return _with_names(panel, names)


def ranking(
    line: Line, *, unit: str = COUNT, limits: Limits | None = None, names: str = ""
) -> bargauge.Panel:
    """Which are the most, a bar each."""
    panel = (
        bargauge.Panel()
        .height(8)
        .with_target(_query("A", line, instant=True))
        .unit(unit)
        .min(0)
        .thresholds(_thresholds(limits))
        .color_scheme(FieldColor().mode(FieldColorModeId.THRESHOLDS))
        .display_mode(BarGaugeDisplayMode.BASIC)
        .value_mode(BarGaugeValueMode.TEXT)
        .name_placement(BarGaugeNamePlacement.LEFT)
        .orientation(VizOrientation.HORIZONTAL)
        .show_unfilled(True)
        .sizing(BarGaugeSizing.AUTO)
        .min_viz_height(16)
        .min_viz_width(8)
        .max_viz_height(48)
        .reduce_options(ReduceDataOptions().calcs(["lastNotNull"]).fields("").values(False))
        .no_value("无 / none")
    )
    return _with_names(panel, names)


def spread(expr: str, *, unit: str = SECONDS) -> heatmap.Panel:
    """How the cases of a histogram are spread over time; `expr` is `queries.buckets`."""
    colour = HeatmapColorOptions().mode(HeatmapColorMode.SCHEME).scheme("Oranges").steps(64)
    return (
        heatmap.Panel()
        .height(8)
        .with_target(_query("A", Line(expr, "{{le}}")).format(PromQueryFormat.HEATMAP))
        .unit(COUNT)
        .calculate(False)
        .color(colour.fill("dark-orange").exponent(0.5).reverse(False))
        .y_axis(YAxisConfig().unit(unit).reverse(False))
        .cell_gap(1)
        .show_value(VisibilityMode.NEVER)
        .mode(TooltipDisplayMode.SINGLE)
        .show_color_scale(True)
        .hide_y_histogram()
        .show_legend()
        .exemplars_color("rgba(255,0,255,0.7)")
    )


def wide(width: int, **panels: Panel) -> Panels:
    """Panels of one width, of the 24 that a line has; each by its name in the board's words."""
    return [(name, panel.span(width)) for name, panel in panels.items()]


def explained(panel: Panel, about: About) -> Panel:
    """With its title, what it means, and the section of the runbook that helps."""
    link = (
        DashboardLink("处置手册 / runbook")
        .type(DashboardLinkType.LINK)
        .url(f"{RUNBOOK}#{about.section}")
        .icon("doc")
        .target_blank(True)
    )
    return (
        panel.title(about.title)
        .description(f"{about.note}\n\n{about.en}")
        .datasource(SOURCE)
        .links([link])
    )


def _with_names(panel: P, names: str) -> P:
    """Series are called as `words/legends.toml` has it for their label."""
    for value, words in LEGENDS[names].items() if names else ():
        panel.override_by_name(value, [DynamicConfigValue(id_val="displayName", value=words)])
    return panel


def _query(ref: str, line: Line, *, instant: bool = False) -> Dataquery:
    query = (
        Dataquery()
        .ref_id(ref)
        .expr(line.expr)
        .datasource(SOURCE)
        .editor_mode(QueryEditorMode.CODE)
        .legend_format(line.legend or "__auto")
    )
    return query.instant() if instant else query.range()


def _thresholds(limits: Limits | None) -> ThresholdsConfig:
    steps = limits.steps if limits else ((None, BLUE),)
    marks = [Threshold(value=value, color=color) for value, color in steps]
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(marks)


def _legend() -> VizLegendOptions:
    return (
        VizLegendOptions()
        .display_mode(LegendDisplayMode.TABLE)
        .placement(LegendPlacement.BOTTOM)
        .show_legend(True)
        .calcs(["lastNotNull", "max"])
    )


def _mapping(words: dict[str, tuple[str, str]]) -> ValueMapping:
    return ValueMap(
        options={
            value: ValueMappingResult(text=text, color=color, index=index)
            for index, (value, (text, color)) in enumerate(words.items())
        }
    )
