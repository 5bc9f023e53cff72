"""Every query of every dashboard returns data of a running city, from Debian's Prometheus.

Pictures are not looked at: Grafana does not run here. `SHAODAO_PROOF_SECONDS=90` makes it short.
"""

import asyncio
import json
import math
import os
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from deploy.grafana.build import FOLDER
from deploy.local.data_folder import PROJECT, DataFolder
from deploy.ops_check.dashboards import ASKED, Query, queries
from deploy.ops_check.promql import filled
from shared.web.identity import issue_token
from tests.ops.live_prometheus import LivePrometheus, prometheus
from tests.ops.live_stack import scraped, whole_city
from tests.support.waiting import eventually

SECONDS: Final = float(os.environ.get("SHAODAO_PROOF_SECONDS", "600"))
STEP: Final = 15.0
REPORT: Final = PROJECT / "build" / "dashboards.tsv"
TYPED: Final = "楼下路灯三天没亮了"


def boards() -> list[dict[str, Any]]:
    """The dashboards as they are provisioned."""
    return [json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))]


async def answer(live: LivePrometheus, query: Query, values: Mapping[str, str]) -> list[float]:
    """The numbers that a query gives: now, or over the whole time for what is drawn over time."""
    expr = filled(query.expr, values)
    if query.instant:
        return [sample.value for sample in await live.query(expr)]
    now = time.time()
    series = await live.query_range(expr, start=now - SECONDS, end=now, step=STEP)
    return [value for _, found in series for value in found]


async def of_variables(live: LivePrometheus, board: Mapping[str, Any]) -> dict[str, list[str]]:
    """The values that somebody can choose for each variable of a dashboard."""
    found = {}
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            asked = ASKED.fullmatch(variable["query"]["query"])
            assert asked, variable["query"]
            found[variable["name"]] = await live.label_values(asked[2], asked[1])
    return found


async def seen(live: LivePrometheus, values: Mapping[str, str]) -> dict[str, list[float]]:
    """The numbers that each query gives, by where it stands; `values` as Grafana fills them in."""
    return {
        query.where: [each for each in await answer(live, query, values) if math.isfinite(each)]
        for board in boards()
        for query in queries(board)
    }


def tell(found: Mapping[str, list[float]]) -> None:
    """Leave behind what was seen: how many numbers of each query, and the largest."""
    REPORT.parent.mkdir(exist_ok=True)
    lines = [
        f"{len(each)}\t{max(each, default=math.nan):g}\t{where}" for where, each in found.items()
    ]
    REPORT.write_text("numbers\tlargest\tquery\n" + "\n".join(lines) + "\n", "utf-8")


@asynccontextmanager
async def somebody_types(where: Mapping[str, Any]) -> AsyncIterator[None]:
    """An operator's desk that asks for hints, which the simulated city's do not."""
    secret = DataFolder(Path(where["data"])).secrets().token_secret
    token = issue_token(secret, role="operator", unit="C-RXZX", name="接线员")

    async def type_on() -> None:
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(headers=headers, timeout=30, trust_env=False) as http:
            while True:
                for kind in ("categories", "duplicates"):
                    url = f"{where['intake']}/api/v1/hints/{kind}"
                    answered = await http.post(url, json={"text": TYPED})
                    if answered.status_code == 503:  # looks are the first to wait, as a desk does
                        await asyncio.sleep(float(answered.headers["Retry-After"]))
                        continue
                    assert answered.status_code == 200, answered.text
                await asyncio.sleep(1)

    typing = asyncio.create_task(type_on())
    try:
        yield
        assert not typing.done(), typing.exception()
    finally:
        typing.cancel()


def as_grafana(live: LivePrometheus) -> dict[str, str]:
    """Its own variables: a rate is taken over four scrapes, or a step and one."""
    scrape = float(live.scrape.removesuffix("s"))
    rate = max(STEP + scrape, 4 * scrape)
    return {
        "__rate_interval": f"{rate:.0f}s",
        "__range": f"{SECONDS:.0f}s",
        "__interval": f"{STEP:.0f}s",
    }


@pytest.mark.proof
@pytest.mark.timeout(2 * SECONDS + 600)
async def test_every_query_of_every_dashboard_returns_data(tmp_path: Path) -> None:
    async with (
        whole_city(tmp_path) as where,
        prometheus(tmp_path / "prometheus", scraped(where), scrape=None, evaluate=None) as live,
    ):
        targets = await eventually(live.targets, until=all_up, within=60, every=1)
        assert {each["labels"]["job"] for each in targets} >= set(scraped(where))
        own = as_grafana(live)

        async with somebody_types(where):
            await asyncio.sleep(SECONDS)  # under the load of the city

        async def look() -> list[str]:
            found = await seen(live, own)
            tell(found)
            return [where for where, numbers in found.items() if not numbers]

        # what happens seldom gets as long again: an auditor's round, the first callback
        await eventually(look, until=lambda empty: not empty, within=SECONDS, every=STEP)
        for board in boards():
            for name, values in (await of_variables(live, board)).items():
                assert values, f"{board['title']}: nothing to choose for ${name}"
                for query in queries(board):
                    await answer(live, query, {**own, name: values[0]})


def all_up(targets: list[dict[str, Any]]) -> bool:
    """Whether every target was scraped."""
    return all(each["health"] == "up" for each in targets)
