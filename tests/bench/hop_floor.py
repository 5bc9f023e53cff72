"""The hop in the middle of `submit_to_bureau`'s floor: from one topic to another, no database."""

from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from tests.bench.worker import Ready, work


async def child(arguments: dict[str, Any], ready: Ready) -> int:
    """Pass `records` records on from topic `from` to topic `to`; returns how many."""
    consumer = AIOKafkaConsumer(
        arguments["from"], bootstrap_servers=arguments["kafka"], auto_offset_reset="latest"
    )
    producer = AIOKafkaProducer(bootstrap_servers=arguments["kafka"], acks="all")
    await consumer.start()
    await producer.start()
    await consumer.seek_to_end()
    await ready()
    passed = 0
    while passed < arguments["records"]:
        record = await consumer.getone()
        await producer.send(arguments["to"], record.value, record.key)
        passed += 1
    await producer.stop()
    await consumer.stop()
    return passed


if __name__ == "__main__":
    work(child)
