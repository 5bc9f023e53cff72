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


def lines_of(code: str) -> list[dict[str, Any]]:
    """All lines that a process of its own logs."""
    command = [sys.executable, "-c", SETUP + code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stderr.splitlines()]


def test_a_line_tells_whose_trace_it_belongs_to():
    code = """
import logging
from shared.runtime.tracing import within
with within("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"):
    log.info("ours", n=1)
    logging.getLogger("aiokafka").error("theirs %s", "赵小明")
log.info("nobody's")
"""
    ours, theirs, nobodys = lines_of(code)
    for line in (ours, theirs):
        assert line["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
        assert line["span_id"] == "b7ad6b7169203331"
        assert {"timestamp", "level", "service", "version"} <= line.keys()
    assert "赵小明" not in str(theirs)
    assert "trace_id" not in nobodys


def test_a_flood_is_counted_and_not_written():
    code = """
import logging, shared.runtime.flooding as flooding
chatty = logging.getLogger("aiokafka.conn")
for _ in range(500):
    chatty.warning("Unable connect to node with id %s", 1)
for n in range(3000):
    try:
        raise LookupError("no such thing")
    except LookupError as error:
        log.error("request_failed", n=n, exc_info=error)
log.info("another")
filter_ = next(f for f in logging.getLogger().handlers[0].filters
               if isinstance(f, flooding.FloodFilter))
for kind in filter_._kinds.values():
    kind.since -= 11
log.error("request_failed", n=3000)
chatty.warning("Unable connect to node with id %s", 1)
"""
    lines = lines_of(code)
    theirs = [line["event"] for line in lines if line.get("logger") == "aiokafka.conn"]
    assert theirs == [
        "Unable connect to node with id 1",
        "Unable connect to node with id 1 (499 more were left out)",
    ]
    failed = [line for line in lines if line["event"] == "request_failed"]
    assert len(failed) == 2001
    assert sum("exception" in line for line in failed) == 20
    assert failed[-1]["left_out"] == 1000
    assert sum(line["event"] == "another" for line in lines) == 1


def test_a_line_is_bounded():
    line = line_of("""
def deep(n):
    if n:
        deep(n - 1)
    raise ValueError("x" * 50_000)
try:
    deep(900)
except ValueError as error:
    more = {str(n): n for n in range(999)}
    log.error("failed", exc_info=error, words=["y" * 9_000] * 40, more=more)
""")
    assert len(json.dumps(line, ensure_ascii=False)) < 20_000
    assert "in deep" in line["exception"]
    assert line["event"] == "failed"
