"""An administrator's connections to a broker, open or one that asks who is there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import AIOKafkaClient

from shared.runtime.security import client_security
from shared.runtime.settings import KafkaAccess

Broker: TypeAlias = str | KafkaAccess  # the addresses alone of one that lets everybody in


def access_of(broker: Broker) -> KafkaAccess:
    """The broker and who we are there."""
    return KafkaAccess(kafka_bootstrap=broker) if isinstance(broker, str) else broker


def as_user(access: KafkaAccess, user: str, password: str) -> KafkaAccess:
    """The same broker for another user."""
    other = {
        "kafka_sasl_mechanism": "SCRAM-SHA-512",
        "kafka_sasl_username": user,
        "kafka_sasl_password": password,
    }
    return KafkaAccess.model_validate(access.model_dump() | other)


def client_arguments(broker: Broker) -> dict[str, Any]:
    """What any client of aiokafka is given: servers, and how to sign in."""
    access = access_of(broker)
    return {"bootstrap_servers": access.kafka_bootstrap, **client_security(access)}


@asynccontextmanager
async def admin_at(
    broker: Broker, *, timeout_ms: int = 30_000
) -> AsyncIterator[AIOKafkaAdminClient]:
    """A started admin client, closed at the end."""
    admin = AIOKafkaAdminClient(request_timeout_ms=timeout_ms, **client_arguments(broker))
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()


@asynccontextmanager
async def client_at(broker: Broker, *, timeout_ms: int = 30_000) -> AsyncIterator[AIOKafkaClient]:
    """A connected client for requests that the admin client does not know."""
    client = AIOKafkaClient(request_timeout_ms=timeout_ms, **client_arguments(broker))
    try:
        await client.bootstrap()
        yield client
    finally:
        await client.close()
