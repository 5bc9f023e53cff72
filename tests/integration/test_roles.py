"""Every route of intake with every role over HTTP: who is let in is what the table says."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.intake.app import MIGRATIONS, create_app
from tests.support.doors import not_sent_to_sign_in, opened_wrongly, routes_of, wrongly_answered
from tests.support.intake import Intake, intake_on, settings
from tests.support.rights import MATRIX, OPEN


@pytest.fixture
async def intake(database: Any, kafka: str, prefix: str, topics_of: Any) -> AsyncIterator[Intake]:
    await topics_of(prefix, [])
    dsn = await database(MIGRATIONS)
    async with intake_on(dsn, kafka, prefix) as made:
        yield made


def test_every_route_stands_in_the_table() -> None:
    found = routes_of(create_app(settings("postgresql://nowhere/none", "nowhere:1", "", 1)))
    assert len(found) == len(set(found))
    assert set(found) == MATRIX.keys() | OPEN
    assert not MATRIX.keys() & OPEN


async def test_each_role_is_let_in_where_the_table_says_so_and_nowhere_else(
    intake: Intake,
) -> None:
    wrong = await wrongly_answered(intake.http, intake.url, MATRIX)
    assert not wrong, "\n".join(wrong)


async def test_a_token_opens_no_other_door(intake: Intake) -> None:
    """Nobody becomes somebody by a forged, expired or foreign token, nor by an API key's header."""
    assert await opened_wrongly(intake.http, intake.url, MATRIX) == []


async def test_who_is_not_known_is_sent_to_sign_in(intake: Intake) -> None:
    """Browsers that open a page of work without a session get the sign-in page, not JSON."""
    pages, wrong = await not_sent_to_sign_in(intake.http, intake.url, MATRIX)
    assert pages > 15
    assert wrong == []
