"""How far a service had heard, and how far topics went: for a backup, and after a restore."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from deploy.local.admin import Broker, admin_at, client_arguments
from deploy.local.errors import StackError

Places = dict[str, dict[str, int]]  # topic → partition, as JSON has its keys → offset


async def heard(broker: Broker, services: Iterable[str], prefix: str) -> dict[str, Places]:
    """What each consumer group of the services has committed, by group."""
    wanted = tuple(f"{prefix}{service}" for service in services)
    async with admin_at(broker) as admin:
        names = [name for name, *_ in await admin.list_consumer_groups()]
        ours = [n for n in names if n in wanted or n.startswith(tuple(f"{w}." for w in wanted))]
        return {name: await _committed(admin, name) for name in sorted(ours)}


async def _committed(admin: AIOKafkaAdminClient, group: str) -> Places:
    found: Places = defaultdict(dict)
    for place, kept in (await admin.list_consumer_group_offsets(group)).items():
        if kept.offset >= 0:
            found[place.topic][str(place.partition)] = kept.offset
    return dict(sorted(found.items()))


async def ends(broker: Broker, topics: Iterable[str]) -> Places:
    """The offset that the next record of each partition will have, of those topics that exist."""
    async with admin_at(broker) as admin:
        wanted = sorted(set(topics) & set(await admin.list_topics()))
        described = await admin.describe_topics(wanted)
    places = [
        TopicPartition(topic["topic"], partition["partition"])
        for topic in described
        for partition in topic["partitions"]
    ]
    found: Places = defaultdict(dict)
    consumer = AIOKafkaConsumer(**client_arguments(broker))
    await consumer.start()
    try:
        for place, offset in (await consumer.end_offsets(places)).items():
            found[place.topic][str(place.partition)] = offset
    finally:
        await consumer.stop()
    return dict(found)


async def rewind(broker: Broker, groups: Mapping[str, Places]) -> int:
    """Set the groups back to these offsets; returns how many places. Nobody may be hearing.

    What is before the beginning of a topic by now is heard from its beginning. StackError when a
    member of the group is there, as its next commit would undo this.
    """
    moved = 0
    async with admin_at(broker) as admin:
        for described in await admin.describe_consumer_groups(list(groups)):
            for _, group, state, *_ in described.groups:
                if state not in {"Empty", "Dead"}:
                    raise StackError(
                        f"消费组 {group} 仍有成员（{state}）：请先停掉该服务的所有实例。",
                        f"the group {group} has members ({state}): stop all copies first",
                    )
    for group, places in groups.items():
        consumer = AIOKafkaConsumer(
            group_id=group, enable_auto_commit=False, **client_arguments(broker)
        )
        await consumer.start()
        try:
            wanted = {
                TopicPartition(topic, int(partition)): offset
                for topic, partitions in places.items()
                for partition, offset in partitions.items()
            }
            consumer.assign(list(wanted))
            await consumer.commit(wanted)
            moved += len(wanted)
        finally:
            await consumer.stop()
    return moved


def since(before: Mapping[str, Mapping[str, int]], now: Mapping[str, Mapping[str, int]]) -> int:
    """How many records came into these topics between the two looks."""
    return sum(
        offset - before.get(topic, {}).get(partition, 0)
        for topic, partitions in now.items()
        for partition, offset in partitions.items()
    )
