"""Every route of intake with every role of every unit: who is let in is what the table says."""

from collections.abc import AsyncIterator
from datetime import timedelta
from io import BytesIO

import pytest
from PIL import Image

from services.intake.app import MIGRATIONS
from shared.contracts.parts import Role
from tests.support.doors import Service, not_sent_to_sign_in, opened_wrongly
from tests.support.intake import Intake, intake_on, utc_now
from tests.support.rights import STREET, bearer, matrix
from tests.support.serving import SERVED
from tests.support.stack import Servers, topic_prefix

UNITS = frozenset({Role.LIAISON, Role.HANDLER, Role.DEPARTMENT})


@pytest.fixture(scope="module")
async def intake(servers: Servers) -> AsyncIterator[Intake]:
    prefix = topic_prefix()
    await servers.make_topics(prefix, [])
    dsn = await servers.fresh_database(MIGRATIONS)
    async with intake_on(dsn, servers.kafka_bootstrap, prefix) as made:
        yield made
    await servers.drop_database(dsn)


async def campaign(intake: Intake) -> str:
    """A street's own."""
    body = {
        "title": "河湾街道满意度调查",
        "subject_kind": "event",
        "subject": "河湾早市",
        "codes": 1,
        "ends_at": (utc_now() + timedelta(days=30)).isoformat(),
    }
    made = await intake.http.post(
        f"{intake.url}/api/v1/ratings/campaigns",
        headers=bearer(Role.STREET_OFFICER, STREET),
        json=body,
    )
    assert made.status_code == 201, made.text
    return str(made.json()["campaign"]["campaign_id"])


async def photo(intake: Intake) -> str:
    out = BytesIO()
    Image.new("RGB", (16, 16), "green").save(out, "PNG")
    made = await intake.http.post(
        f"{intake.url}/api/v1/photos",
        headers=bearer(Role.OPERATOR, None),
        files={"file": ("a.png", out.getvalue(), "image/png")},
    )
    assert made.status_code == 201, made.text
    return str(made.json()["photo_id"])


async def test_who_is_let_in_is_what_the_table_says(intake: Intake) -> None:
    """Every route with every role of the own unit, another's and of none."""
    photo_id = await photo(intake)
    receipt = await intake.registered(photos=[photo_id])
    service = Service(
        name="intake",
        app=SERVED[intake.url],
        known={
            "ticket_id": receipt["ticket_id"],
            "number": receipt["number"],
            "photo_id": photo_id,
            "campaign_id": await campaign(intake),
        },
        hidden={"GET /api/v1/photos/{photo_id}/file": UNITS},  # no unit is called for it
    )
    tried, wrong = await service.walked()
    assert tried > 5000
    assert not wrong, "\n".join(wrong)


async def test_a_token_opens_no_other_door(intake: Intake) -> None:
    """Nobody becomes somebody by a forged, expired or foreign token, nor by an API key's header."""
    assert await opened_wrongly(Service(name="intake", app=SERVED[intake.url])) == []


async def test_who_is_not_known_is_sent_to_sign_in(intake: Intake) -> None:
    """Browsers that open a page of work without a session get the sign-in page, not JSON."""
    pages, wrong = await not_sent_to_sign_in(intake.http, intake.url, matrix("intake"))
    assert pages > 15
    assert wrong == []
