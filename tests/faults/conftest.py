"""Fixtures of the fault tests: a broker that is away is no news here."""

import logging
from collections.abc import Iterator

import pytest

# A rule that is broken shows the values it compared, as in a test module.
pytest.register_assert_rewrite(
    "tests.faults.departments",
    "tests.faults.ledger",
    "tests.faults.notifier_story",
    "tests.faults.people",
    "tests.faults.story",
)


@pytest.fixture(autouse=True)
def quiet_clients() -> Iterator[None]:
    """The clients of the tests say nothing of a broker that the tests themselves have killed."""
    client = logging.getLogger("aiokafka")
    before = client.level
    client.setLevel(logging.CRITICAL + 1)
    yield
    client.setLevel(before)
