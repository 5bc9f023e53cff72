"""Signed links and sessions of residents: what they open, how long, and nothing altered."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.links import (
    LINK_LIVES,
    MOST_TICKETS,
    Grant,
    Session,
    link_token,
    open_link,
    open_session,
    session_token,
    signing_key,
)

KEY = signing_key("a secret of a stack")
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
TICKET = UUID("019aa000-0000-7000-8000-000000000001")


def test_a_link_is_short_and_opens_its_ticket_until_it_expires() -> None:
    grant = Grant(ticket_id=TICKET, generation=3)
    token = link_token(KEY, grant, now=NOW)
    assert len(token) == 36
    assert token.replace("-", "").replace("_", "").isalnum()
    assert open_link(KEY, token, now=NOW) == grant
    assert open_link(KEY, token, now=NOW + LINK_LIVES - timedelta(days=1)) == grant
    assert open_link(KEY, token, now=NOW + LINK_LIVES + timedelta(days=1)) is None


def test_a_link_of_another_secret_or_altered_opens_nothing() -> None:
    token = link_token(KEY, Grant(ticket_id=TICKET), now=NOW)
    assert open_link(signing_key("another"), token, now=NOW) is None
    for place in range(len(token)):
        other = "A" if token[place] != "A" else "B"
        assert open_link(KEY, token[:place] + other + token[place + 1 :], now=NOW) is None
    for wrong in ("", "x", token[:-1], token + "A", token + "=", f" {token}", "诉求" * 18):
        assert open_link(KEY, wrong, now=NOW) is None


@given(st.text(max_size=80))
def test_no_text_breaks_the_reading(text: str) -> None:
    assert open_link(KEY, text, now=NOW) is None
    assert open_session(KEY, text, now=NOW) is None


def test_a_session_keeps_its_device_and_tickets() -> None:
    session = Session(device=b"\x01" * 8, grants=(Grant(ticket_id=TICKET, generation=1),))
    token = session_token(KEY, session, now=NOW)
    assert open_session(KEY, token, now=NOW) == session
    assert open_session(KEY, token, now=NOW + timedelta(days=181)) is None
    assert open_session(KEY, token[:-2] + "AA", now=NOW) is None


def test_a_link_is_no_session_and_a_session_no_link() -> None:
    link = link_token(KEY, Grant(ticket_id=TICKET), now=NOW)
    session = session_token(KEY, Session(device=b"\x01" * 8), now=NOW)
    assert open_session(KEY, link, now=NOW) is None
    assert open_link(KEY, session, now=NOW) is None


def test_the_newest_tickets_come_first_and_the_oldest_fall_off() -> None:
    session = Session(device=b"\x02" * 8)
    tickets = [UUID(int=n) for n in range(1, MOST_TICKETS + 4)]
    for ticket_id in tickets:
        session = session.with_grants([Grant(ticket_id=ticket_id)])
    kept = [each.ticket_id for each in session.grants]
    assert kept == tickets[: -MOST_TICKETS - 1 : -1]
    assert session.grant(tickets[0]) is None
    again = session.with_grants([Grant(ticket_id=tickets[10], generation=2)])
    assert again.grants[0] == Grant(ticket_id=tickets[10], generation=2)
    assert len(again.grants) == MOST_TICKETS
    assert again.without(tickets[10]).grant(tickets[10]) is None
    # a cookie takes 4,096 bytes
    assert len(session_token(KEY, session, now=NOW)) < 1000
