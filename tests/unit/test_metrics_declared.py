"""Every metric is declared with its meaning, unit and bounds, and the list of them is current."""

import math
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme
from prometheus_client import REGISTRY

from deploy import metrics_list
from shared.runtime import metrics, vitals
from shared.runtime.instruments import (
    AT_ZERO,
    DECLARED,
    NAN,
    Copies,
    Declared,
    Open,
    counter,
    gauge,
    histogram,
    show_all,
)

ALL = [
    each
    for module in metrics_list.SECTIONS.values()
    for each in metrics_list.declared_in(module)
]  # fmt: skip
UNITS = ("seconds", "bytes", "ratio", "info", "total")
COUNTED = re.compile(
    "assignments|circuits|connections|deadlines|deliveries|events|facts|letters|messages|mismatches|"
    "pages|partitions|parts|posts|records|requests|rows|sessions|tickets|topics|transactions|"
    "whistles|changes"
)
IDS = re.compile(r"(^|_)(id|number|phone|name|login|address|person|subject|key)$")


def test_the_list_is_current() -> None:
    text = metrics_list.FILE.read_text("utf-8")
    assert text == metrics_list.document(), "python -m deploy.metrics_list"


def test_a_list_that_is_stale_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stale = tmp_path / "METRICS.md"
    stale.write_text(metrics_list.document().replace("| gauge |", "| counter |", 1), "utf-8")
    monkeypatch.setattr(metrics_list, "FILE", stale)
    monkeypatch.setattr("sys.argv", ["metrics_list", "--check"])
    with pytest.raises(SystemExit, match="stale"):
        metrics_list.main()


def test_nothing_is_measured_that_is_not_declared_in_a_module_of_metrics() -> None:
    ours = {
        f"{family.name}_total" if family.type == "counter" else family.name
        for family in REGISTRY.collect()
        if family.name.startswith("shaodao_") and not family.name.startswith("shaodao_test_")
    }
    assert ours == {each.name for each in ALL}


@pytest.mark.parametrize("each", ALL, ids=lambda each: each.name)
def test_each_is_named_by_the_conventions(each: Declared) -> None:
    assert re.fullmatch(r"shaodao(_[a-z0-9]+)+", each.name)
    assert each.meaning.endswith(".")
    assert len(each.meaning) > 12
    words = each.name.split("_")
    assert (words[-1] == "total") == (each.type == "counter")
    is_flag = each.type == "gauge" and each.meaning.startswith(("1 where", "1 while", "1 for"))
    assert words[-1] in UNITS or COUNTED.search(each.name) or is_flag
    assert not {"milliseconds", "minutes", "hours", "percent", "kilobytes"} & set(words)
    for label, values in each.labels.items():
        assert not IDS.search(label)
        assert label not in ("le", "job", "instance")
        if isinstance(values, Open):
            assert 1 <= values.most <= 1000
            assert values.meaning
        else:
            assert len(set(values)) == len(values) <= 60
    if each.buckets:
        assert list(each.buckets) == sorted(set(each.buckets))
        assert len(each.buckets) <= 15


def test_closed_labels_begin_at_zero_and_open_ones_with_nothing() -> None:
    counter("shaodao_test_begun_total", "Nothing yet.", what=("a", "b"), how=("x", "y"))
    gauge("shaodao_test_unknown_rows", "Not seen.", over=Copies.MAX, begins=NAN, what=("a",))
    counter("shaodao_test_open_total", "Open.", unit=Open("a unit", 3), what=("a", "b"))
    many = tuple(map(str, range(AT_ZERO + 1)))
    counter("shaodao_test_many_total", "Too many to begin with.", what=many)
    value = REGISTRY.get_sample_value
    assert value("shaodao_test_begun_total", {"what": "b", "how": "x"}) == 0
    assert math.isnan(value("shaodao_test_unknown_rows", {"what": "a"}) or 0)
    assert value("shaodao_test_open_total", {"unit": "", "what": "a"}) is None
    assert value("shaodao_test_many_total", {"what": "0"}) is None


def test_how_many_series_a_metric_may_have() -> None:
    unit = Open("a unit", 10)
    histogram("shaodao_test_took_seconds", "Time.", unit=unit, how=("x", "y"), buckets=(1, 2))
    assert DECLARED["shaodao_test_took_seconds"].most == 10 * 2 * 5


def test_what_is_shown_anew_leaves_nothing_of_before() -> None:
    shown = gauge("shaodao_test_shown_rows", "Rows.", over=Copies.MAX, table=Open("a table", 9))
    show_all(shown, {("a",): 1, ("b",): 2})
    show_all(shown, {("b",): 3})
    value = REGISTRY.get_sample_value
    assert value("shaodao_test_shown_rows", {"table": "a"}) is None
    assert value("shaodao_test_shown_rows", {"table": "b"}) == 3
    show_all(shown, {})
    assert value("shaodao_test_shown_rows", {"table": "b"}) is None


def test_methods_nobody_knows_are_one() -> None:
    def seen() -> float:
        labels = {"method": "other", "route": "unmatched", "status": "405"}
        return REGISTRY.get_sample_value("shaodao_http_requests_total", labels) or 0

    before = seen()
    for method in ("PROPFIND", "BREW", "x" * 50):
        metrics.answered(method, "unmatched", 405, 0.01)
    assert seen() - before == 3


def test_when_the_first_certificate_of_a_file_ends(tmp_path: Path) -> None:
    soon, late = (datetime(year, 5, 1, tzinfo=UTC) for year in (2030, 2040))
    authority = trustme.CA()
    file = tmp_path / "chain.pem"
    for end in (late, soon):
        authority.issue_cert("kafka.example", not_after=end).cert_chain_pems[0].write_to_path(
            file, append=True
        )
    assert vitals.first_end(file) == soon.timestamp()
    (tmp_path / "none.pem").write_bytes(b"")
    with pytest.raises(ValueError, match="PEM"):
        vitals.first_end(tmp_path / "none.pem")
