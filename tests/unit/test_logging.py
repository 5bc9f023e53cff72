"""Logs are JSON lines, and telephones and ID numbers never stand in them."""

import json
import subprocess
import sys
from typing import Any

SETUP = """
from shared.runtime.logging import configure, logger
configure("test", fmt="json", level="INFO")
log = logger("test")
"""


def line_of(code: str) -> dict[str, Any]:
    """The one line that a process of its own logs."""
    command = [sys.executable, "-c", SETUP + code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    (line,) = done.stderr.splitlines()
    found: dict[str, Any] = json.loads(line)
    return found


def test_what_an_error_quotes_is_masked():
    line = line_of("""
try:
    raise ValueError("invalid input for $3: '13912345678', 15990219800101123X")
except ValueError as error:
    log.error("failed", error=repr(error), exc_info=error)
""")
    assert line["service"] == "test"
    assert "ValueError" in line["exception"]
    assert "13912345678" not in json.dumps(line)
    assert "15990219800101123X" not in json.dumps(line)


def test_a_coordinator_that_is_looked_for_again_is_a_warning():
    line = line_of("""
import logging
from aiokafka.errors import GroupCoordinatorNotAvailableError
asked = logging.getLogger("aiokafka.consumer.group_coordinator")
asked.error("Group Coordinator Request failed: %s", GroupCoordinatorNotAvailableError())
logging.getLogger("aiokafka.consumer.subscription_state").info("Updating subscribed topics to: x")
""")
    assert line["level"] == "warning"


def test_a_ticket_number_and_an_instant_stay():
    line = line_of('log.info("seen", number="1599202611210000010", at="2026-11-21T16:00Z", n=3)')
    assert (line["number"], line["n"]) == ("1599202611210000010", 3)
    assert line["at"] == "2026-11-21T16:00Z"
