"""A dashboard from its rows of panels, with the variables, links and time that all have."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from grafana_foundation_sdk.builders.dashboard import (
    Dashboard,
    DashboardLink,
    DatasourceVariable,
    QueryVariable,
    Row,
)
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from deploy.grafana.panels import RUNBOOK, SOURCE, Panels, explained, words_of

TAG: Final = "shaodao"
EVERYTHING: Final = ".*"


@dataclass(frozen=True, slots=True)
class Choice:
    """A variable of a dashboard: the values that a label of a metric has."""

    name: str
    zh: str
    metric: str
    label: str


@dataclass(frozen=True, slots=True)
class Rows:
    """A heading and the panels below it."""

    title: str
    panels: Panels


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One dashboard; `uid` is the name of its file and of its words', and its address."""

    uid: str
    title: str
    description: str
    section: str
    rows: Sequence[Rows]
    choices: Sequence[Choice] = ()
    since: str = "now-3h"


def as_json(board: Board, *, runbook: str = RUNBOOK) -> str:
    """The file that Grafana is provisioned with; equal boards give equal bytes."""
    built = _builder(board).build()
    for number, panel in enumerate(built.panels or (), start=1):
        panel.id_val = number  # so that a link to a panel holds
    for variable in built.templating.list_val or ():  # what only intervals have, in no schema
        variable.auto = variable.auto_min = variable.auto_count = None
    text = json.dumps(built, cls=JSONEncoder, ensure_ascii=False, indent=1, sort_keys=True)
    return text.replace(RUNBOOK, runbook) + "\n"


def _builder(board: Board) -> Dashboard:
    made = (
        Dashboard(board.title)
        .uid(f"{TAG}-{board.uid}")
        .description(board.description)
        .tags([TAG])
        .timezone("browser")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .time(board.since, "now")
        .refresh("30s")
        .editable()
        .links(list(_links(board)))
        .with_variable(_source())
    )
    for choice in board.choices:
        made.with_variable(_variable(choice))
    words = words_of(board.uid)
    for row in board.rows:
        made.with_row(Row(row.title))
        for name, panel in row.panels:
            made.with_panel(explained(panel, words[name]))
    return made


def _links(board: Board) -> Iterable[DashboardLink]:
    yield (
        DashboardLink("哨到看板 / dashboards")
        .type(DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .as_dropdown(True)
        .keep_time(True)
        .include_vars(True)
    )
    yield (
        DashboardLink("处置手册 / runbook")
        .type(DashboardLinkType.LINK)
        .url(f"{RUNBOOK}#{board.section}")
        .icon("doc")
        .target_blank(True)
    )


def _source() -> DatasourceVariable:
    first = VariableOption(selected=True, text="Prometheus", value="prometheus")
    return DatasourceVariable("datasource").label("数据源").type("prometheus").current(first)


def _variable(choice: Choice) -> QueryVariable:
    query = {"query": f"label_values({choice.metric}, {choice.label})", "refId": choice.name}
    return (
        QueryVariable(choice.name)
        .label(choice.zh)
        .datasource(SOURCE)
        .query({**query, "qryType": 1})
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value(EVERYTHING)
        .current(VariableOption(selected=True, text=["All"], value=["$__all"]))
    )
