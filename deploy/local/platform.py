"""Where the platform is that a command is about: a stack on this machine, or a cluster.

A cluster is found by the variables that its services are started with, with an administrator's
user for Kafka; see the runbook.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import ValidationError

from deploy.local.data_folder import DataFolder
from deploy.local.errors import StackError
from shared.runtime.secret_files import said
from shared.runtime.settings import KafkaAccess, KafkaSettings

NEEDED = ("SHAODAO_KAFKA_BOOTSTRAP", "SHAODAO_ROUTER_URL", "SHAODAO_TOKEN_SECRET")


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """Kafka as an administrator sees it, and the router, which knows the units."""

    broker: KafkaAccess
    prefix: str
    router_url: str
    token_secret: str = field(repr=False)
    has_rights: bool  # whether Kafka asks who is there
    has_city: bool = False  # whether the simulated one has a user there
    is_cluster: bool = False


def stack_platform(folder: DataFolder) -> Platform:
    """A running stack; NotRunningError when there is none."""
    stack = folder.read_stack()
    told = stack.get("kafka_security")
    return Platform(
        broker=broker_of(folder),
        prefix=stack["topic_prefix"],
        router_url=stack["router"],
        token_secret=folder.require_secrets().token_secret,
        has_rights=told is not None and told["rights"],
        has_city=told is not None and told["city"],
    )


def cluster_platform(environ: Mapping[str, str] = os.environ) -> Platform:
    """The cluster of the environment; StackError when it does not say which."""
    missing = [name for name in NEEDED if not said(name, environ)]
    if missing:
        listed = ", ".join(missing)
        raise StackError(f"没有说明是哪个集群：请设置 {listed}。", f"which cluster? set {listed}")
    try:
        broker = KafkaSettings(kafka_bootstrap=environ["SHAODAO_KAFKA_BOOTSTRAP"])
    except ValidationError as error:
        told = "; ".join(one["msg"] for one in error.errors())
        raise StackError(f"Kafka 的设置有误：{told}", f"Kafka's settings: {told}") from error
    return Platform(
        broker=broker,
        prefix=environ.get("SHAODAO_TOPIC_PREFIX", ""),
        router_url=environ["SHAODAO_ROUTER_URL"].rstrip("/"),
        token_secret=said("SHAODAO_TOKEN_SECRET", environ) or "",
        has_rights=broker.has_sasl,
        is_cluster=True,
    )


def broker_of(folder: DataFolder) -> KafkaAccess:
    """How an administrator reaches the Kafka of a running stack.

    On a broker that is not ours, as the environment says (SHAODAO_KAFKA_SASL_USERNAME …).
    """
    stack = folder.read_stack()
    told = stack.get("kafka_security")
    if told is None:
        return KafkaAccess(kafka_bootstrap=stack["kafka"])
    users = folder.broker_users()
    if "kafka" in stack["processes"] and users is not None:
        return users.admin_at(stack["kafka"])
    outside = KafkaSettings(kafka_bootstrap=stack["kafka"])
    if outside.kafka_security_protocol != told["protocol"]:
        raise StackError(
            "这套哨到使用外部 Kafka：请设置 SHAODAO_KAFKA_SECURITY_PROTOCOL、"
            "SHAODAO_KAFKA_SASL_USERNAME、SHAODAO_KAFKA_SASL_PASSWORD。",
            "this stack uses a Kafka from outside: set SHAODAO_KAFKA_SECURITY_PROTOCOL, "
            "SHAODAO_KAFKA_SASL_USERNAME and SHAODAO_KAFKA_SASL_PASSWORD",
        )
    return outside
