"""An administrator's connections to a broker, open or one that asks who is there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeAlias

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import AIOKafkaClient

from shared.runtime.security import client_security
from shared.runtime.settings import KafkaAccess

Broker: TypeAlias = str | KafkaAccess  # the addresses alone of one that lets everybody in


def access_of(broker: Broker) -> KafkaAccess:
    """The broker and who we are there."""
    return KafkaAccess(kafka_bootstrap=broker) if isinstance(broker, str) else broker


@asynccontextmanager
async def admin_at(
    broker: Broker, *, timeout_ms: int = 30_000
) -> AsyncIterator[AIOKafkaAdminClient]:
    """A started admin client, closed at the end."""
    access = access_of(broker)
    admin = AIOKafkaAdminClient(
        bootstrap_servers=access.kafka_bootstrap,
        request_timeout_ms=timeout_ms,
        **client_security(access),
    )
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()


@asynccontextmanager
async def client_at(broker: Broker, *, timeout_ms: int = 30_000) -> AsyncIterator[AIOKafkaClient]:
    """A connected client for requests that the admin client does not know."""
    access = access_of(broker)
    client = AIOKafkaClient(
        bootstrap_servers=access.kafka_bootstrap,
        request_timeout_ms=timeout_ms,
        **client_security(access),
    )
    try:
        await client.bootstrap()
        yield client
    finally:
        await client.close()
