import uuid, asyncpg, pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from shared.contracts.topics import all_topics
from shared.runtime import migrate

A = "postgresql://postgres:x@127.0.0.1:27300/"


@pytest.fixture
def kafka():
    return "127.0.0.1:27301"


@pytest.fixture
def prefix():
    return f"t{uuid.uuid4().hex[:8]}."


@pytest.fixture
def database():
    async def make(*folders):
        n = f"t{uuid.uuid4().hex[:8]}"
        c = await asyncpg.connect(A + "postgres")
        await c.execute(f"create database {n}")
        await c.close()
        await migrate.apply(A + n, *folders)
        return A + n

    return make


@pytest.fixture
def topics_of(kafka):
    async def make(prefix, units):
        adm = AIOKafkaAdminClient(bootstrap_servers=kafka)
        await adm.start()
        have = await adm.list_topics()
        await adm.create_topics(
            [
                NewTopic(
                    prefix + t.name,
                    t.partitions,
                    1,
                    topic_configs={"message.timestamp.type": t.timestamp_type},
                )
                for t in all_topics(units)
                if prefix + t.name not in have
            ]
        )
        await adm.close()

    return make
