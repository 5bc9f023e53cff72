"""Kafka and PostgreSQL over TLS: who has the right authority comes in, and nobody else."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import NewTopic
from aiokafka.errors import KafkaError
from faststream.kafka import KafkaBroker

from deploy.local.admin import admin_at, client_arguments
from deploy.local.broker_users import BrokerUsers
from deploy.local.databases import make_databases
from deploy.local.kafka import Kafka
from deploy.local.keys import ServerKeys
from deploy.local.ports import LOOPBACK, Ports, free_base
from deploy.local.postgres import Postgres
from deploy.local.processes import Reaper
from shared.runtime.database import open_pool
from shared.runtime.security import broker_security
from shared.runtime.settings import KafkaAccess, ServiceSettings
from tests.support.keys import Authority

DEBIAN = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
REFUSED_SECONDS = 20.0
pytestmark = pytest.mark.xdist_group("local_stack")


@pytest.fixture(scope="module")
def reaper() -> Any:
    reaper = Reaper()
    yield reaper
    reaper.close()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("keys") / "right")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("keys") / "wrong")


@dataclass(frozen=True, slots=True)
class Broker:
    """One that asks for TLS, a certificate and a password, and who may come in."""

    kafka: Kafka
    client: ServerKeys

    def access(self, **changed: object) -> KafkaAccess:
        """As a service has it, with its own certificate."""
        right = self.kafka.access.model_dump() | {
            "kafka_cert_file": self.client.cert,
            "kafka_key_file": self.client.key,
        }
        return KafkaAccess.model_validate(right | changed)


@pytest.fixture(scope="module")
async def broker(
    authority: Authority, tmp_path_factory: pytest.TempPathFactory, reaper: Reaper
) -> AsyncIterator[Broker]:
    ports = Ports(free_base())
    kafka = Kafka(
        tmp_path_factory.mktemp("kafka"),
        port=ports.kafka,
        controller_port=ports.controller,
        reaper=reaper,
        users=BrokerUsers.make(),
        secure=True,
        tls=authority.keys(LOOPBACK, asks=True),
    )
    await kafka.start()
    yield Broker(kafka, authority.keys("intake"))
    await kafka.stop()


async def test_with_the_right_authority_both_kinds_of_client_speak(broker: Broker) -> None:
    access = broker.access()
    assert access.kafka_security_protocol == "SASL_SSL"
    producer = AIOKafkaProducer(**client_arguments(access))
    async with admin_at(access) as admin:
        assert (await admin.describe_cluster())["brokers"]
        await admin.create_topics([NewTopic("t", 1, 1)])
    await producer.start()
    await producer.send_and_wait("t", b"over TLS")
    await producer.stop()
    consumer = AIOKafkaConsumer("t", auto_offset_reset="earliest", **client_arguments(access))
    await consumer.start()
    assert (await consumer.getone()).value == b"over TLS"
    await consumer.stop()
    served = KafkaBroker(access.kafka_bootstrap, security=broker_security(access))
    await served.start()
    await served.publish(b"by the other", "t")
    await served.stop()


@pytest.mark.parametrize("wrong", ["authority", "name", "no certificate", "password", "plaintext"])
async def test_whoever_comes_otherwise_is_refused(
    broker: Broker, stranger: Authority, wrong: str
) -> None:
    port = broker.kafka.port
    changed: dict[str, object] = {
        "authority": {"kafka_ca_file": stranger.file},
        "name": {"kafka_bootstrap": f"localhost:{port}"},  # its certificate names the address
        "no certificate": {"kafka_cert_file": None, "kafka_key_file": None},
        "password": {"kafka_sasl_password": "guessed"},
        "plaintext": {"kafka_security_protocol": "SASL_PLAINTEXT"},
    }[wrong]
    access = broker.access(**changed)
    with pytest.raises((KafkaError, OSError, TimeoutError)):
        async with asyncio.timeout(REFUSED_SECONDS), admin_at(access, timeout_ms=5000) as admin:
            await admin.describe_cluster()


@pytest.fixture(scope="module")
async def postgres(
    authority: Authority, tmp_path_factory: pytest.TempPathFactory, reaper: Reaper
) -> AsyncIterator[Postgres]:
    """Debian's server, as the packaged binaries know no TLS."""
    if not DEBIAN:
        if "CI" in os.environ:
            pytest.fail("没有 Debian 的 PostgreSQL / there is no PostgreSQL of Debian's")
        pytest.skip("没有 Debian 的 PostgreSQL / there is no PostgreSQL of Debian's")
    postgres = Postgres(
        tmp_path_factory.mktemp("postgres"),
        port=Ports(free_base()).postgres,
        password=secrets.token_hex(),
        reaper=reaper,
        tls=authority.keys(LOOPBACK, asks=True),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PG_BIN", str(DEBIAN[-1].parent))
        await postgres.start()
    yield postgres
    await postgres.stop()


def settings(dsn: str) -> ServiceSettings:
    return ServiceSettings.model_validate(
        {"database_url": dsn, "kafka_bootstrap": "k:1", "token_secret": "x" * 32}
    )


async def test_a_service_reaches_its_database_over_tls_alone(
    postgres: Postgres, authority: Authority, stranger: Authority
) -> None:
    one = {"intake": secrets.token_hex()}
    made = await make_databases(postgres.admin_dsn, one, {"intake": secrets.token_hex()})
    dsn = made["intake"].dsn.partition("?")[0]
    client = authority.keys("intake")
    asked = f"sslmode=verify-full&sslrootcert={authority.file}"
    shown = f"&sslcert={client.cert}&sslkey={client.key}"
    pool = await open_pool(settings(f"{dsn}?{asked}{shown}"), name="intake")
    row = await pool.fetchrow(
        "select ssl, version, client_dn from pg_stat_ssl where pid = pg_backend_pid()"
    )
    await pool.close()
    assert row["ssl"]
    assert row["version"] in {"TLSv1.2", "TLSv1.3"}
    other = dsn.replace(LOOPBACK, "localhost")
    for wrong in (
        f"{dsn}?sslmode=verify-full&sslrootcert={stranger.file}{shown}",
        f"{other}?{asked}{shown}",  # its certificate names the address
        f"{dsn}?{asked}",  # and no certificate of ours
        f"{dsn}?sslmode=disable",
    ):
        with pytest.raises((OSError, asyncpg.PostgresError)):
            await asyncpg.connect(wrong, timeout=REFUSED_SECONDS)
