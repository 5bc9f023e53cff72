"""Who is told of which alert: a real Alertmanager with the project's routes and inhibitions."""

from pathlib import Path

import pytest

from deploy.local.data_folder import PROJECT
from deploy.ops_check.rules import alerts
from tests.ops.live_alertmanager import alertmanager
from tests.support.receiver import receiving
from tests.support.waiting import eventually

SEVERITIES = {rule.name: rule.labels["severity"] for rule in alerts(PROJECT)}
ROUTER, NOTIFIER = "shaodao-router", "shaodao-notifier"

Alert = tuple[str, str | None]  # its name and its job
# What fires together: the trouble itself, what follows from it and is silenced, what is still told.
TROUBLES: dict[str, tuple[list[Alert], list[Alert], list[Alert]]] = {
    "a service is gone": (
        [("ShaodaoServiceDown", NOTIFIER)],
        [
            ("ShaodaoCopyDown", NOTIFIER),
            ("ShaodaoRelayWithoutLeader", NOTIFIER),
            ("ShaodaoAuditorStopped", None),
            ("ShaodaoCanaryDead", None),
        ],
        [("ShaodaoCopyDown", ROUTER), ("ShaodaoOutboxOld", ROUTER), ("ShaodaoDeadLetters", ROUTER)],
    ),
    "Kafka is away": (
        [("ShaodaoKafkaUnreachable", ROUTER)],
        [
            ("ShaodaoOutboxOld", "shaodao-intake"),
            ("ShaodaoRelayWithoutLeader", ROUTER),
            ("ShaodaoConsumerStalled", ROUTER),
            ("ShaodaoCanaryDead", None),
            ("ShaodaoWhistleBudgetBurning", None),
        ],
        [("ShaodaoDatabaseUnreachable", ROUTER), ("ShaodaoAuditMismatches", None)],
    ),
    "a database is away": (
        [("ShaodaoDatabaseUnreachable", ROUTER)],
        [
            ("ShaodaoErrorsHigh", ROUTER),
            ("ShaodaoPoolExhausted", ROUTER),
            ("ShaodaoIntactBudgetBurning", None),
        ],
        [("ShaodaoErrorsHigh", "shaodao-intake"), ("ShaodaoWalKept", None)],
    ),
    "a budget burns": (
        [("ShaodaoWhistleBudgetBurning", None)],
        [("ShaodaoWhistleBudgetLeaking", None)],
        [("ShaodaoDeadlineBudgetLeaking", None)],
    ),
}


def labels_of(alert: Alert) -> dict[str, str]:
    name, job = alert
    slo = {"slo": name.removeprefix("Shaodao").partition("Budget")[0]} if "Budget" in name else {}
    return {"alertname": name, "severity": SEVERITIES[name], **slo, **({"job": job} if job else {})}


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_one_trouble_is_told_once(trouble: str, tmp_path: Path) -> None:
    sources, silenced, told = TROUBLES[trouble]
    async with alertmanager(tmp_path, hook="http://127.0.0.1:9/hook") as running:
        await running.take([labels_of(each) for each in (*sources, *silenced, *told)])

        async def silent() -> set[Alert]:
            found = await running.alerts()
            return {
                (each["labels"]["alertname"], each["labels"].get("job"))
                for each in found
                if each["status"]["inhibitedBy"]
            }

        assert await eventually(silent, until=lambda seen: seen >= set(silenced)) == set(silenced)
        for each in await running.alerts():
            wanted = {"page": "pager", "ticket": "tickets"}[each["labels"]["severity"]]
            assert [receiver["name"] for receiver in each["receivers"]] == [wanted], each["labels"]


async def test_a_page_a_ticket_and_the_sign_of_life_go_their_ways(tmp_path: Path) -> None:
    async with (
        receiving() as receiver,
        alertmanager(tmp_path, hook=receiver.url, waits="100ms") as running,
    ):
        named = ("ShaodaoOutboxOld", "ShaodaoDeadLetters", "ShaodaoWatchdog")
        await running.take([labels_of((name, None)) for name in named])

        async def told() -> set[tuple[str, str]]:
            return {
                (call.path.rpartition("/")[2], alert["labels"]["alertname"])
                for call in receiver.calls
                for alert in call.json["alerts"]
            }

        wanted = {
            ("pager", "ShaodaoOutboxOld"),
            ("tickets", "ShaodaoDeadLetters"),
            ("heartbeat", "ShaodaoWatchdog"),
        }
        assert await eventually(told, until=lambda seen: seen >= wanted) == wanted
