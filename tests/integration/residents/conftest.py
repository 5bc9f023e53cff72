"""For the tests of a file one served intake and gateway for text messages; residents' phones."""

import secrets
from collections.abc import AsyncIterator

import pytest

from deploy.city.sms_gateway import Gateway, create_app
from services.intake.app import MIGRATIONS
from tests.support.intake import Intake, intake_on
from tests.support.receiver import served_app
from tests.support.residents import Phone, phone
from tests.support.stack import Servers, topic_prefix

SMS_KEY = "a key for tests"


@pytest.fixture(scope="module")
async def gateway() -> AsyncIterator[tuple[Gateway, str]]:
    app = create_app(SMS_KEY)
    async with served_app(app) as url:
        yield app.state.gateway, f"{url}/messages"


@pytest.fixture(scope="module")
async def intake(servers: Servers, gateway: tuple[Gateway, str]) -> AsyncIterator[Intake]:
    """One for all of these tests: nobody of them sees what another reported."""
    prefix = topic_prefix()
    await servers.make_topics(prefix, [])
    dsn = await servers.fresh_database(MIGRATIONS)
    async with intake_on(
        dsn, servers.kafka_bootstrap, prefix, sms_url=gateway[1], sms_key=SMS_KEY
    ) as made:
        yield made
    await servers.drop_database(dsn)


@pytest.fixture
async def mine(intake: Intake) -> AsyncIterator[Phone]:
    async with phone(intake.url) as made:
        yield made


@pytest.fixture
async def other(intake: Intake) -> AsyncIterator[Phone]:
    async with phone(intake.url) as made:
        yield made


@pytest.fixture
def mobile() -> str:
    """A number no other test uses."""
    return f"139{secrets.randbelow(10**8):08d}"
