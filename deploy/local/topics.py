"""Makes the missing topics of the city on a broker, in one request; what is there stays."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from deploy.local.admin import Broker, admin_at
from deploy.local.errors import StackError
from shared.catalogue.load import load_catalogue
from shared.contracts.topics import TopicSpec, all_topics

MOST_COPIES = 3  # of each partition; a smaller cluster has one a broker


def city_topics(prefix: str = "") -> list[TopicSpec]:
    """Every topic of the catalogue's city, with the prefix before each name."""
    specs = all_topics(load_catalogue().units)
    return [replace(spec, name=f"{prefix}{spec.name}") for spec in specs]


async def existing_topics(broker: Broker, prefix: str = "") -> set[str]:
    """The names of the broker's topics that begin with `prefix`, inner ones left out."""
    async with admin_at(broker) as admin:
        names = await admin.list_topics()
    return {name for name in names if name.startswith(prefix) and not name.startswith("__")}


async def apply_topics(broker: Broker, specs: Iterable[TopicSpec]) -> list[str]:
    """Make the topics that are missing; returns their names. StackError when one is refused."""
    async with admin_at(broker) as admin:
        present = set(await admin.list_topics())
        missing = [spec for spec in specs if spec.name not in present]
        if not missing:
            return []
        copies = min(MOST_COPIES, len((await admin.describe_cluster())["brokers"]))
        new = [_new(spec, copies) for spec in missing]
        answer = await admin.create_topics(new, timeout_ms=30_000)
    for name, code, *_ in answer.topic_errors:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:
            raise StackError(
                f"主题 {name} 未能建立：{error.__name__}。",
                f"topic {name} could not be made: {error.__name__} {error.description}",
            )
    return [spec.name for spec in missing]


async def delete_topics(broker: Broker, prefix: str) -> int:
    """Delete every topic that begins with `prefix`, which must not be empty; returns how many."""
    if not prefix:
        raise ValueError("a prefix is needed, or the whole broker would be emptied")
    names = sorted(await existing_topics(broker, prefix))
    if names:
        async with admin_at(broker) as admin:
            await admin.delete_topics(names)
            await asyncio.wait_for(_gone(admin, set(names)), 30)
    return len(names)


async def _gone(admin: AIOKafkaAdminClient, names: set[str]) -> None:
    """Return when the broker names none of them any more."""
    while names & set(await admin.list_topics()):  # noqa: ASYNC110 - the broker tells nobody
        await asyncio.sleep(0.1)


def _new(spec: TopicSpec, copies: int) -> NewTopic:
    return NewTopic(
        spec.name,
        spec.partitions,
        copies,
        topic_configs={
            "retention.ms": str(spec.retention_ms),
            "cleanup.policy": spec.cleanup_policy,
            "message.timestamp.type": spec.timestamp_type,
        },
    )
