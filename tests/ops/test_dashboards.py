"""The dashboards as code: what is committed is what it makes, in both languages and our words."""

import json
import re
import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from grafana_foundation_sdk.models import units

from deploy.grafana import build
from deploy.grafana.panels import LEGENDS, RUNBOOK, WORDS
from deploy.local.data_folder import PROJECT
from deploy.ops_check import copies, promql
from deploy.ops_check.dashboards import anchors, check, panels, queries
from deploy.ops_check.registry import bounds, known_metrics
from services.intake.domain.ticket import TicketState
from shared.contracts.parts import AssignmentState, DeadlineKind
from shared.contracts.values import Channel, WhistleKind
from shared.delivery.outgoing import Channel as Outlet

CHINESE: Final = re.compile("[\u4e00-\u9fff]")
BOARDS: Final = [json.loads(text) for text in build.files().values()]
RATES: Final = re.compile(r"\b(?:rate|increase)\((\w+)")


def test_what_is_committed_is_what_the_code_makes() -> None:
    assert build.stale() == []
    assert build.main(["--check"]) == 0


def test_every_dashboard_and_panel_is_explained_in_both_languages() -> None:
    assert len(BOARDS) == 7
    for board in BOARDS:
        for part in (board, *panels(board)):
            words = f"{part['title']} {part['description']}"
            assert CHINESE.search(part["title"]) or part["title"].startswith("PostgreSQL"), words
            assert re.search("[A-Za-z]+ [a-z]+", part["description"]), words


def test_every_panel_has_a_unit_and_says_what_it_is_without_data() -> None:
    known = {value for value in vars(units).values() if isinstance(value, str)}
    for board in BOARDS:
        for panel in panels(board):
            defaults = panel["fieldConfig"]["defaults"]
            assert defaults["unit"] in known, panel["title"]
            assert panel["targets"], panel["title"]
            if panel["type"] == "stat":
                assert defaults["noValue"], panel["title"]


def test_districts_and_units_can_be_chosen() -> None:
    chosen = {
        board["uid"]: [variable["name"] for variable in board["templating"]["list"]]
        for board in BOARDS
    }
    for uid in ("shaodao-city", "shaodao-router", "shaodao-deadlines"):
        assert chosen[uid] == ["datasource", "district", "unit"]
        (board,) = (board for board in BOARDS if board["uid"] == uid)
        for name in ("district", "unit"):
            used = [query for query in queries(board) if f"${name}" in query.expr]
            assert len(used) >= 3, f"{uid}: ${name} chooses nothing"


def test_only_what_grows_is_taken_as_a_rate_and_nothing_else() -> None:
    growing = re.compile("_(total|bucket|sum|count)$")
    for board in BOARDS:
        for query in queries(board):
            for name in RATES.findall(query.expr):
                assert growing.search(name), f"{query.where}: {name} does not only grow"
            for selector in promql.read(promql.filled(query.expr)).selectors:
                if growing.search(selector.metric) and not query.of_variable:
                    assert selector.metric in RATES.findall(query.expr), query.where


@pytest.mark.parametrize(
    ("section", "values"),
    [
        ("ticket", TicketState),
        ("assignment", AssignmentState),
        ("channel", Channel),
        ("whistle", WhistleKind),
        ("deadline", DeadlineKind),
        ("outlet", Outlet),
    ],
)
def test_legends_name_every_value(section: str, values: type[StrEnum]) -> None:
    assert set(LEGENDS[section]) == {str(value) for value in values}


def test_grafana_is_given_the_source_and_the_folder_that_dashboards_ask_for() -> None:
    (source,) = _provisioned("datasources/prometheus.yaml")["datasources"]
    (folder,) = _provisioned("dashboards/shaodao.yaml")["providers"]
    scrapes = yaml.safe_load((PROJECT / "deploy/prometheus/prometheus.yml").read_text("utf-8"))
    assert source["jsonData"]["timeInterval"] == scrapes["global"]["scrape_interval"]
    for board in BOARDS:
        chosen = board["templating"]["list"][0]
        assert (chosen["query"], chosen["current"]["value"]) == (source["type"], source["uid"])
    compose = yaml.safe_load((PROJECT / "deploy/compose.yaml").read_text("utf-8"))
    grafana = compose["services"]["grafana"]
    assert f"./grafana/dashboards:{folder['options']['path']}:ro" in grafana["volumes"]
    assert source["url"].removeprefix("$") in grafana["environment"]


def _provisioned(name: str) -> Any:
    path = PROJECT / "deploy" / "grafana" / "provisioning" / name
    return yaml.safe_load(path.read_text("utf-8"))


def test_no_words_are_left_over_and_none_stand_twice() -> None:
    shown = [panel["title"] for board in BOARDS for panel in panels(board)]
    written = [
        words["title"]
        for path in WORDS.glob("*.toml")
        if path.name != "legends.toml"
        for words in tomllib.loads(path.read_text("utf-8")).values()
    ]
    assert sorted(shown) == sorted(written)
    for board in BOARDS:
        titles = [panel["title"] for panel in panels(board)]
        assert len(set(titles)) == len(titles), board["title"]


def test_a_deployment_links_to_a_runbook_of_its_own(tmp_path: Path) -> None:
    assert build.main(["--into", str(tmp_path), "--runbook", "https://wiki.city.example/ops"]) == 0
    text = (tmp_path / "city.json").read_text("utf-8")
    assert "https://wiki.city.example/ops#the-canary" in text
    assert RUNBOOK not in text
    assert "city.json" in build.stale(tmp_path)


def test_a_folder_without_dashboards_is_a_fault(tmp_path: Path) -> None:
    assert check(tmp_path) == ["no dashboards in deploy/grafana/dashboards"]


def test_a_file_that_is_no_json_is_a_fault(tmp_path: Path) -> None:
    folder = tmp_path / "deploy/grafana/dashboards"
    build.main(["--into", str(folder)])
    (folder / "city.json").write_text("{", "utf-8")
    assert check(tmp_path)[-1] == "city.json is no JSON"


@pytest.mark.parametrize(
    ("expr", "fault"),
    [
        ("sum(", "no PromQL"),
        ("shaodao_events", "no metric shaodao_events"),
        ('shaodao_events_total{reason="dead"}', "shaodao_events_total has no label reason"),
        ('shaodao_events_total{outcome="died"}', "has no value outcome=died"),
        ('shaodao_events_total{outcome=~"died|lost"}', "has no value outcome=died|lost"),
        ("sum by (unit) (shaodao_events_total)", "no label unit"),
        ("shaodao_events_total / on (unit) shaodao_events_total", "no label unit"),
        ('shaodao_batch_duration_seconds_bucket{le="0.3"}', "has no bucket le=0.3"),
        ("histogram_quantile(1, shaodao_batch_duration_seconds)", "no metric"),
    ],
)
def test_what_nobody_has_is_told(expr: str, fault: str) -> None:
    (told,) = promql.faults(expr, known_metrics(), bounds())
    assert fault in told


@pytest.mark.parametrize(
    "expr",
    [
        'sum by (outcome) (rate(shaodao_events_total{outcome=~"dead|parked"}[1m])) or vector(0)',
        'shaodao_batch_duration_seconds_bucket{le="0.25"}',
        'label_replace(up, "service", "$1", "job", "shaodao-(.*)") * on (service) group_left up',
        "sum by (job) (shaodao_consumer_lag_records)",
    ],
)
def test_what_is_there_is_no_fault(expr: str) -> None:
    assert promql.faults(expr, known_metrics(), bounds()) == []


@pytest.mark.parametrize(
    ("expr", "right"),
    [
        ("sum(shaodao_consumer_lag_records)", True),
        ("max(shaodao_consumer_lag_records)", False),
        ("max(shaodao_dead_letters)", True),
        ("sum(max by (job) (shaodao_dead_letters))", True),
        ("sum(shaodao_dead_letters)", False),
        ("shaodao_dead_letters > 0", False),
        ("min(shaodao_kafka_reachable)", True),
        ("max(rate(shaodao_postgresql_deadlocks_total[1m]))", True),
        ("sum(rate(shaodao_postgresql_deadlocks_total[1m]))", False),
        ("sum(up)", True),  # not of our code
    ],
)
def test_copies_are_added_up_as_declared(expr: str, right: bool) -> None:
    known_metrics()
    assert (copies.faults(expr) == []) is right


def test_anchors_are_made_as_pages_make_them() -> None:
    page = ["# Runbook", "text # no", "### Who is told, and when", "## `shaodao doctor`"]
    assert anchors(page) == {"runbook", "who-is-told-and-when", "shaodao-doctor"}


def test_variables_are_filled_as_grafana_does() -> None:
    values: dict[str, Any] = {"unit": "BH-CGJ"}
    asked = 'rate(a_total{unit=~"$unit",district=~"${district:regex}"}[$__rate_interval])'
    filled = promql.filled(asked, values)
    assert filled == 'rate(a_total{unit=~"BH-CGJ",district=~".*"}[1m])'
