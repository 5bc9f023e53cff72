"""What most of these tests stand on: a service of its own on the run's servers, for each test."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.intake.app import MIGRATIONS
from tests.support.intake import Intake, intake_on


@pytest.fixture
async def intake(database: Any, kafka: str, prefix: str, topics_of: Any) -> AsyncIterator[Intake]:
    """Intake served, with nothing in it."""
    await topics_of(prefix, [])
    async with intake_on(await database(MIGRATIONS), kafka, prefix) as made:
        yield made
