"""Logs are JSON lines, and telephones and ID numbers never stand in them."""

import json
import logging

import pytest

from shared.runtime.logging import configure, logger


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]):
    before = logging.getLogger().handlers[:]
    configure("test", fmt="json", level="INFO")
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    logging.getLogger().handlers[:] = before


def test_what_an_error_quotes_is_masked(lines):
    log = logger("test")
    try:
        raise ValueError("invalid input for $3: '13912345678', 15990219800101123X")
    except ValueError as error:
        log.error("failed", error=repr(error), exc_info=error)
    (line,) = lines()
    assert line["service"] == "test"
    assert "ValueError" in line["exception"]
    assert "13912345678" not in json.dumps(line)
    assert "15990219800101123X" not in json.dumps(line)


def test_a_ticket_number_and_an_instant_stay(lines):
    logger("test").info("seen", number="1599202611210000010", at="2026-11-21T16:00:00Z", n=3)
    (line,) = lines()
    assert (line["number"], line["n"]) == ("1599202611210000010", 3)
    assert line["at"] == "2026-11-21T16:00:00Z"
