"""Which changes a person is told of by text message, and which not."""

import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from services.intake.domain.case import Case
from services.intake.domain.telling import TOLD, TOLD_IN_WRITING, texts_of
from services.intake.domain.ticket import Command, Ticket, TicketState
from shared.contracts.parts import Actor, Place, Role
from shared.contracts.values import Channel, TicketType, Urgency

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
TICKET = Ticket(
    ticket_id=UUID(int=1), number="1599202611230000017", state=TicketState.REGISTERED, seq=1,
    round=1, channel=Channel.HOTLINE, type=TicketType.CONSULT, urgency=Urgency.NORMAL,
    category=None, title="t", summary="s", place=Place(no_location=True), line=None, choice=None,
    source=None, confidential=False, contactable=True, hard_case=False, registered_at=NOW,
    history_hash=b"",
)  # fmt: skip
ACTOR = Actor(role=Role.OPERATOR)


def told(command: Command, ticket: Ticket = TICKET) -> list[str]:
    case = Case(ticket=ticket)
    case.move(command, at=NOW, actor=ACTOR)
    return [text.template for text in texts_of(case)]


def test_who_may_be_reached_is_told_and_nobody_else():
    assert told(Command.ASK_INFO) == ["info_requested"]
    assert told(Command.ASK_INFO, replace(TICKET, contactable=False)) == []


@pytest.mark.parametrize(
    ("command", "template"), [("answer", "answered"), ("transfer", "transferred")]
)
def test_what_was_said_on_the_phone_is_not_written_too(command: str, template: str):
    assert told(Command(command)) == []
    online = replace(TICKET, channel=Channel.RESIDENT_PAGE)
    assert told(Command(command), online) == [template]


def test_what_a_person_did_is_not_told_to_them():
    assert told(Command.WITHDRAW) == []


def test_every_template_has_its_texts():
    folder = Path(__file__).parents[3] / "services" / "intake" / "templates"
    texts = tomllib.loads((folder / "sms.toml").read_text("utf-8"))["sms"]
    for template in {*TOLD.values(), *TOLD_IN_WRITING.values()}:
        assert "{number}" in texts[template]["zh"]
        assert "{link}" in texts[template]["zh"]
