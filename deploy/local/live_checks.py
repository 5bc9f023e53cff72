"""Looks at running services from outside, reading only: are they ready, and what do they measure.

The limits are those of the alerts (deploy/prometheus/rules), so that both say the same; what is
wrong names the section of the runbook to read.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import httpx
from prometheus_client.parser import text_string_to_metric_families

from deploy.local.finding import Finding

RUNBOOK: Final = "deploy/README.md#"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A measure that is wrong above `most`, or below `least`, and the alert that tells of it."""

    metric: str
    alert: str
    zh: str
    most: float = math.inf
    least: float = -math.inf

    def holds(self, value: float) -> bool:
        """Whether the value is within both."""
        return self.least <= value <= self.most


LIMITS: Final = (
    Limit(metric="shaodao_kafka_reachable", least=1, alert="KafkaUnreachable", zh="连得上 Kafka"),
    Limit(
        metric="shaodao_outbox_oldest_age_seconds",
        most=30,
        alert="OutboxOld",
        zh="发件箱最早一条的秒数",
    ),
    Limit(
        metric="shaodao_outbox_unroutable_topics",
        most=0,
        alert="OutboxUnroutable",
        zh="缺少的主题数",
    ),
    Limit(
        metric="shaodao_consumer_lag_records",
        most=1000,
        alert="ConsumerLagGrowing",
        zh="未处理的消息数",
    ),
    Limit(metric="shaodao_parked_events", most=0, alert="ParkedEvents", zh="搁置的事件数"),
    Limit(metric="shaodao_dead_letters", most=0, alert="DeadLetters", zh="死信数"),
    Limit(
        metric="shaodao_deadline_oldest_fire_age_seconds",
        most=5,
        alert="DeadlinesUnfired",
        zh="到点未触发的最早一个时限的秒数",
    ),
    Limit(metric="shaodao_audit_mismatches", most=0, alert="AuditMismatches", zh="稽核不符数"),
    Limit(metric="shaodao_canary_age_seconds", most=300, alert="CanaryDead", zh="全程探测距今秒数"),
    Limit(metric="shaodao_messages_held", most=0, alert="MessagesHeld", zh="扣下待放行的通知数"),
)


async def examine_at(addresses: Mapping[str, str]) -> list[Finding]:
    """What the services at these addresses say of themselves, service by service."""
    found: list[Finding] = []
    async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
        for service, url in addresses.items():
            try:
                ready = await client.get(f"{url}/ready")
                measured = await client.get(f"{url}/metrics")
            except httpx.TransportError as error:
                said = f"{service} {url} 无应答：{type(error).__name__}"
                found.append(Finding(ok=False, zh=said, en=f"{service} does not answer at {url}"))
                continue
            found.append(readiness(service, url, ready))
            found += measures(service, measured.text)
    return found


def readiness(service: str, url: str, answer: httpx.Response) -> Finding:
    """Whether it can work; what is only late (`degraded`) is told, too."""
    ok = answer.status_code == 200
    if not ok:
        said = f"{service} {url} 未就绪：{answer.text[:300]}"
        return Finding(ok=False, zh=said, en=f"{service} is not ready: {answer.text[:300]}")
    degraded = answer.json().get("degraded") or {}
    words = f"；欠佳 / degraded：{degraded}" if degraded else ""
    return Finding(ok=True, zh=f"{service} {url} 已就绪{words}", en=f"{service} is ready")


def measures(service: str, text: str) -> Iterator[Finding]:
    """What is over its limit; one finding when nothing is."""
    worst: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if not math.isnan(sample.value):  # what is not known is not wrong
                worst[sample.name] = max(worst.get(sample.name, -math.inf), sample.value)
    known = [each for each in LIMITS if each.metric in worst]
    wrong = [each for each in known if not each.holds(worst[each.metric])]
    for each in wrong:
        value, where = worst[each.metric], f"{RUNBOOK}shaodao{each.alert.lower()}"
        yield Finding(
            ok=False,
            zh=f"{service} {each.zh}：{value:g}，见 {where}",
            en=f"{service}: {each.metric} is {value:g}, see {where}",
        )
    if not wrong:
        said = f"{service} {len(known)} 项指标都在限度内"
        yield Finding(ok=bool(known), zh=said, en=f"{service}: {len(known)} measures are fine")
