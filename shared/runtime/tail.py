"""The end of topics, followed without a group: what is said from now on, for whoever looks on.

Nothing is committed and nothing is remembered: who comes back begins at the end again, and reads
what it missed where it is kept.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError, UnknownTopicOrPartitionError

from shared.runtime.logging import logger
from shared.runtime.security import client_security
from shared.runtime.settings import ServiceSettings

MOST = 500  # records at once
POLL_MS = 1000
FIRST_WAIT, LONGEST_WAIT = 0.2, 5.0  # before it begins again after an error

log = logger(__name__)


async def tail(
    settings: ServiceSettings, *topics: str, client_id: str
) -> AsyncGenerator[list[bytes], None]:
    """The values of all partitions from now on, batch by batch; `topics` are without prefix.

    `[]` comes once it listens, and again whenever it had to begin anew: what was said before that
    may be missed. It never ends by itself.
    """
    wait = FIRST_WAIT
    while True:
        consumer = _consumer(settings, topics, client_id)
        try:
            await consumer.start()
            found_topics = {each.topic for each in consumer.assignment()}
            if len(found_topics) < len(topics):
                raise UnknownTopicOrPartitionError(", ".join(topics))
            await consumer.seek_to_end()
            yield []
            wait = FIRST_WAIT
            while True:
                found = await consumer.getmany(timeout_ms=POLL_MS, max_records=MOST)
                values = [r.value for records in found.values() for r in records if r.value]
                if values:
                    yield values
        except (KafkaError, UnicodeDecodeError) as error:  # the latter: a header that is no text
            log.warning("tail_begins_again", topics=topics, error=repr(error), wait_seconds=wait)
        finally:
            await consumer.stop()
        await asyncio.sleep(wait)
        wait = min(LONGEST_WAIT, wait * 2)


def _consumer(settings: ServiceSettings, topics: Sequence[str], client_id: str) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(
        *(settings.topic_prefix + topic for topic in topics),
        bootstrap_servers=settings.kafka_bootstrap,
        **client_security(settings),
        client_id=f"{settings.topic_prefix}{client_id}",
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="latest",
        metadata_max_age_ms=10_000,
    )
