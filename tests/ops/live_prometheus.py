"""Debian's Prometheus as a process beside a running stack, with the project's own configuration.

Nothing of `deploy/prometheus/prometheus.yml` is changed but where the targets, the rules and the
Alertmanager are, and how often it scrapes where a test cannot wait.
"""

import os
import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import yaml

from deploy.local.data_folder import PROJECT
from deploy.local.ports import LOOPBACK, free_base
from deploy.local.processes import Command, Reaper
from deploy.local.program import Program
from tests.support.waiting import eventually

CONFIGURATION: Final = PROJECT / "deploy" / "prometheus" / "prometheus.yml"
DISCOVERIES: Final = ("dns_sd_configs", "file_sd_configs", "kubernetes_sd_configs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One series and its value now."""

    labels: Mapping[str, str]
    value: float


class LivePrometheus:
    """A running Prometheus over its HTTP API."""

    def __init__(self, url: str, http: httpx.AsyncClient, *, scrape: str) -> None:
        self.url = url
        self.scrape = scrape  # how often, as Prometheus writes it
        self._http = http

    async def query(self, expr: str) -> list[Sample]:
        """What an expression is now; one sample without labels for a scalar."""
        data = await self._get("query", query=expr)
        if data["resultType"] == "scalar":
            return [Sample(labels={}, value=float(data["result"][1]))]
        return [
            Sample(labels=each["metric"], value=float(each["value"][1])) for each in data["result"]
        ]

    async def query_range(
        self, expr: str, *, start: float, end: float, step: float
    ) -> list[tuple[Mapping[str, str], list[float]]]:
        """The series of an expression between two moments, in seconds since 1970."""
        data = await self._get("query_range", query=expr, start=start, end=end, step=step)
        return [
            (each["metric"], [float(value) for _, value in each["values"]])
            for each in data["result"]
        ]

    async def label_values(self, label: str, metric: str) -> list[str]:
        """The values that a label of a metric has."""
        found: list[str] = await self._get(f"label/{label}/values", **{"match[]": metric})
        return found

    async def alerts(self) -> list[dict[str, Any]]:
        """The alerts that are pending or firing."""
        found: list[dict[str, Any]] = (await self._get("alerts"))["alerts"]
        return found

    async def rules(self) -> list[dict[str, Any]]:
        """Every rule, with its health and its last error."""
        groups = (await self._get("rules"))["groups"]
        return [rule for group in groups for rule in group["rules"]]

    async def targets(self) -> list[dict[str, Any]]:
        """What is scraped, with its health and its last error."""
        found: list[dict[str, Any]] = (await self._get("targets"))["activeTargets"]
        return found

    async def _get(self, what: str, **query: Any) -> Any:
        answer = await self._http.get(f"{self.url}/api/v1/{what}", params=query)
        body = answer.json()
        assert body["status"] == "success", f"{what} {query}: {body}"
        return body["data"]


@asynccontextmanager
async def prometheus(
    folder: Path,
    targets: Mapping[str, Sequence[str]],
    *,
    rules: Sequence[Path] = (),
    scrape: str | None = "1s",
    evaluate: str | None = "1s",
    alertmanager: str | None = None,
) -> AsyncIterator[LivePrometheus]:
    """Prometheus on these targets (job → addresses); skips the test where it is not installed.

    Without `rules` those of the configuration; with None as interval that of the configuration.
    """
    binary = shutil.which("prometheus")
    if binary is None:
        (pytest.fail if "CI" in os.environ else pytest.skip)(
            "Debian's package prometheus is not installed"
        )
    address = f"{LOOPBACK}:{free_base()}"
    all_targets = {**targets, "prometheus": [address]}
    if alertmanager is not None:
        all_targets["alertmanager"] = [alertmanager]
    configuration = configured(
        all_targets, rules=rules, scrape=scrape, evaluate=evaluate, alertmanager=alertmanager
    )
    reaper = Reaper()
    command = _command(binary, folder, configuration, address)
    program = Program(command, ready_url=f"http://{address}/-/ready", reaper=reaper)
    every = configuration["global"]["scrape_interval"]
    try:
        await program.start()
        try:
            async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
                live = LivePrometheus(f"http://{address}", http, scrape=every)
                await eventually(live.targets, within=30, every=0.5)  # it looks every 5 s
                yield live
        finally:
            await program.stop()
    finally:
        reaper.close()


def _command(binary: str, folder: Path, configuration: Mapping[str, Any], address: str) -> Command:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "prometheus.yml"
    file.write_text(yaml.safe_dump(configuration, allow_unicode=True), "utf-8")
    return Command(
        name="prometheus",
        argv=(
            *(binary, f"--config.file={file}", f"--storage.tsdb.path={folder / 'data'}"),
            f"--web.listen-address={address}",
        ),
        log=folder / "prometheus.log",
    )


def configured(
    targets: Mapping[str, Sequence[str]],
    *,
    rules: Sequence[Path] = (),
    scrape: str | None = None,
    evaluate: str | None = None,
    alertmanager: str | None = None,
) -> dict[str, Any]:
    """The project's configuration with these targets; jobs without any are left out."""
    found: dict[str, Any] = yaml.safe_load(CONFIGURATION.read_text("utf-8"))
    general = found["global"]
    if scrape is not None:
        general["scrape_interval"] = general["scrape_timeout"] = scrape
    if evaluate is not None:
        general["evaluation_interval"] = evaluate
    jobs = {job["job_name"]: job for job in found["scrape_configs"]}
    assert targets.keys() <= jobs.keys(), f"no such job: {sorted(targets.keys() - jobs.keys())}"
    found["scrape_configs"] = [_aimed(jobs[name], there) for name, there in targets.items()]
    found["rule_files"] = [str(path) for path in rules] or [
        str(CONFIGURATION.parent / name) for name in found.get("rule_files", ())
    ]
    if alertmanager is None:
        found.pop("alerting", None)
    else:
        found["alerting"]["alertmanagers"] = [{"static_configs": [{"targets": [alertmanager]}]}]
    return found


def _aimed(job: Mapping[str, Any], targets: Sequence[str]) -> dict[str, Any]:
    """A job of the configuration at targets of this machine."""
    kept = {key: value for key, value in job.items() if key not in DISCOVERIES}
    return {**kept, "static_configs": [{"targets": list(targets)}]}
