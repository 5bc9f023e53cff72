"""How a client signs in at Kafka, as the settings say; and that no client is made without it."""

import ast
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from faststream.kafka import KafkaBroker
from pydantic import ValidationError

from deploy.city.settings import from_environment
from deploy.local.data_folder import PROJECT
from deploy.local.plan import kafka_env
from shared.runtime.security import broker_security, client_security
from shared.runtime.settings import KafkaAccess, KafkaSettings

CLIENTS = {"AIOKafkaConsumer", "AIOKafkaProducer", "AIOKafkaAdminClient", "AIOKafkaClient"}


def _access(protocol: str, **more: object) -> KafkaAccess:
    named = {"kafka_bootstrap": "kafka:9092", "kafka_security_protocol": protocol}
    return KafkaAccess.model_validate({**named, **more})


SIGNED_IN = {"kafka_sasl_username": "router", "kafka_sasl_password": "let me in"}


def test_an_open_broker_is_asked_nothing() -> None:
    access = _access("PLAINTEXT")
    assert client_security(access) == {"security_protocol": "PLAINTEXT"}
    assert broker_security(access) is None


@pytest.mark.parametrize("protocol", ["SASL_PLAINTEXT", "SASL_SSL"])
@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"])
def test_both_kinds_of_client_sign_in_alike(protocol: str, mechanism: str) -> None:
    access = _access(protocol, kafka_sasl_mechanism=mechanism, **SIGNED_IN)
    wanted = client_security(access)
    assert wanted["sasl_mechanism"] == mechanism
    assert wanted["sasl_plain_password"] == "let me in"
    broker = KafkaBroker("kafka:9092", security=broker_security(access))
    told = dict(broker._connection_kwargs)
    assert {name: told[name] for name in wanted if name != "ssl_context"} == {
        name: value for name, value in wanted.items() if name != "ssl_context"
    }
    assert ("ssl_context" in wanted) == access.has_tls


def test_tls_checks_the_brokers_name_and_certificate() -> None:
    context = client_security(_access("SASL_SSL", **SIGNED_IN))["ssl_context"]
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
    with pytest.raises(FileNotFoundError):
        client_security(_access("SSL", kafka_ca_file="/no/such/ca.pem"))


def test_who_is_to_sign_in_must_say_who_it_is() -> None:
    with pytest.raises(ValidationError, match="KAFKA_SASL_PASSWORD") as refused:
        _access("SASL_SSL", kafka_sasl_username="router")
    assert "kafka:9092" not in str(refused.value)  # nor what else was given: it may be a password
    assert "let me in" not in repr(_access("SASL_SSL", **SIGNED_IN))


def test_what_a_process_is_told_is_what_it_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    access = _access("SASL_SSL", kafka_ca_file=Path("/etc/kafka/ca.pem"), **SIGNED_IN)
    for name, value in kafka_env(access).items():
        monkeypatch.setenv(name, value)
    assert KafkaSettings(kafka_bootstrap="kafka:9092").model_dump() == access.model_dump()


def test_the_city_signs_in_too() -> None:
    urls = {"SHAODAO_INTAKE_URL": "http://i", "SHAODAO_ROUTER_URL": "http://r"}
    rest = {"SHAODAO_TOKEN_SECRET": "x", "SHAODAO_CITY_STATE": "/s"}
    told = kafka_env(_access("SASL_PLAINTEXT", **SIGNED_IN))
    settings = from_environment({**urls, **rest, **told})
    assert settings.kafka_security["sasl_plain_username"] == "router"
    assert "let me in" not in repr(settings)


def _clients_made_without_security() -> Iterator[str]:
    for folder in ("shared", "services", "deploy"):
        for file in (PROJECT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if not isinstance(node, ast.Call):
                    continue
                name = node.func.id if isinstance(node.func, ast.Name) else ""
                if name in CLIENTS and not any(word.arg is None for word in node.keywords):
                    yield f"{file.relative_to(PROJECT)}:{node.lineno}"


def test_every_client_is_given_how_to_sign_in() -> None:
    assert list(_clients_made_without_security()) == []
