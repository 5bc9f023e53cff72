"""What Kafka itself answers a user who asks for this or that, without a client's good manners.

A client looks at the metadata first and gives up there; these requests go to the broker as they
are. Each answers with the broker's error code, 0 when it did what was asked.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.admin import (
    AlterConfigsRequest_v1,
    CreatePartitionsRequest_v1,
    CreateTopicsRequest_v3,
    DeleteGroupsRequest_v1,
    DeleteRecordsRequest_v0,
    DeleteTopicsRequest_v1,
    DescribeConfigsRequest_v1,
)
from aiokafka.protocol.commit import OffsetCommitRequest_v2, OffsetFetchRequest_v3
from aiokafka.protocol.fetch import FetchRequest_v4
from aiokafka.protocol.group import JoinGroupRequest_v2
from aiokafka.protocol.produce import ProduceRequest_v7
from aiokafka.protocol.transaction import InitProducerIdRequest_v0
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from deploy.local.admin import client_at
from deploy.local.kafka_requests import ask
from shared.runtime.settings import KafkaAccess

BATCH_REFUSED = 2  # none of its business: it is not whole
TOPIC_REFUSED, GROUP_REFUSED, CLUSTER_REFUSED, TRANSACTION_REFUSED = 29, 30, 31, 53


@dataclass(frozen=True)
class Intruder:
    """A signed-in user and its connection."""

    client: AIOKafkaClient

    async def reads(self, topic: str) -> int:
        partitions = [(0, 0, 1 << 20)]
        answer = await ask(
            self.client, FetchRequest_v4(-1, 0, 0, 1 << 20, 0, [(topic, partitions)])
        )
        return _code(answer.topics[0][1][0][1])

    async def writes(
        self, topic: str, value: bytes = b"{}", *, transaction: str | None = None
    ) -> int:
        builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, 0, 10_000)
        builder.append(0, timestamp=None, key=b"k", value=value, headers=[])
        partitions = [(0, bytes(builder.build()))]
        answer = await ask(self.client, ProduceRequest_v7(None, -1, 5000, [(topic, partitions)]))
        return _code(answer.topics[0][1][0][1])

    async def could_write(self, topic: str) -> int:
        """Offers what no broker keeps, a batch that is not whole: 2 from whom it would hear."""
        builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, 0, 10_000)
        builder.append(0, timestamp=None, key=b"k", value=b"{}", headers=[])
        broken = bytearray(builder.build())
        broken[-1] ^= 1
        request = ProduceRequest_v7(None, -1, 5000, [(topic, [(0, bytes(broken))])])
        answer = await ask(self.client, request)
        return _code(answer.topics[0][1][0][1])

    async def empties(self, topic: str) -> int:
        answer = await ask(self.client, DeleteRecordsRequest_v0([(topic, [(0, 0)])], 5000))
        return _code(answer.topics[0][1][0][2])

    async def deletes_topic(self, topic: str) -> int:
        answer = await ask(self.client, DeleteTopicsRequest_v1([topic], 5000))
        return _code(answer.topic_error_codes[0][1])

    async def adds_partitions(self, topic: str) -> int:
        more = [(topic, (1000, None))]
        answer = await ask(self.client, CreatePartitionsRequest_v1(more, 5000, True))
        return _code(answer.topic_errors[0][1])

    async def reads_settings(self, topic: str) -> int:
        answer = await ask(self.client, DescribeConfigsRequest_v1([(2, topic, None)], False))
        return _code(answer.resources[0][0])

    async def changes_settings(self, topic: str) -> int:
        change = [(2, topic, [("retention.ms", "1")])]
        answer = await ask(self.client, AlterConfigsRequest_v1(change, True))
        return _code(answer.resources[0][0])

    async def joins(self, group: str) -> int:
        """Ask to become a member; 79 (a member id is given first) counts as let in."""
        protocols = [("range", b"")]
        answer = await ask(
            self.client, JoinGroupRequest_v2(group, 6000, 6000, "", "consumer", protocols)
        )
        return _code(answer.error_code)

    async def sees_offsets(self, group: str) -> int:
        answer = await ask(self.client, OffsetFetchRequest_v3(group, None))
        return _code(answer.error_code)

    async def moves_offset(self, group: str, topic: str) -> int:
        moved = [(topic, [(0, 0, "")])]
        answer = await ask(self.client, OffsetCommitRequest_v2(group, -1, "", -1, moved))
        return _code(answer.topics[0][1][0][1])

    async def drops_group(self, group: str) -> int:
        answer = await ask(self.client, DeleteGroupsRequest_v1([group]))
        return _code(answer.results[0][1])

    async def makes_topic(self, topic: str) -> int:
        answer = await ask(
            self.client, CreateTopicsRequest_v3([(topic, 1, 1, [], [])], 5000, False)
        )
        return _code(answer.topic_errors[0][1])

    async def begins_transaction(self, transactional_id: str | None) -> int:
        answer = await ask(self.client, InitProducerIdRequest_v0(transactional_id, 5000))
        return _code(answer.error_code)

    async def topics(self) -> set[str]:
        """The topics it is told of."""
        return set((await self.client.fetch_all_metadata()).topics())


@asynccontextmanager
async def intruder(access: KafkaAccess) -> AsyncIterator[Intruder]:
    """Signed in; KafkaError when the broker does not let it in."""
    async with client_at(access, timeout_ms=5000) as client:
        yield Intruder(client)


def _code(code: Any) -> int:
    return int(code)
