"""A cluster is named by several addresses, and a service hears it under any of them."""

from types import SimpleNamespace
from typing import Any

from aiokafka.conn import collect_hosts

from shared.runtime import service
from shared.runtime.service import Runtime
from shared.runtime.settings import ServiceSettings


def test_every_address_is_one_for_the_consumers(monkeypatch):
    given: list[Any] = []

    def broker(servers: Any, **_: Any) -> Any:
        given.append(servers)
        return SimpleNamespace()

    monkeypatch.setattr(service, "KafkaBroker", broker)
    settings = ServiceSettings(
        kafka_bootstrap="one:9092,two:9092,three:9092",
        database_url="postgresql://nobody@nowhere/x",
        token_secret="a secret of thirty-two characters!",
    )
    Runtime(settings, name="any", clock=SimpleNamespace(), pool=SimpleNamespace())
    # what FastStream makes of it, and how its client then reads that
    servers = [given[0]] if isinstance(given[0], str) else list(given[0])
    hosts = collect_hosts(servers, randomize=False)
    assert [host for host, *_ in hosts] == ["one", "two", "three"]
