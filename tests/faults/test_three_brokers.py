"""One of three brokers is killed for a minute under load: nothing is lost, soon all is as before.

Every partition has three copies and two must have what is acknowledged, so one broker may die.
`SHAODAO_PROOF_RATE` asks for another load than 200 tickets a second.
"""

import asyncio
import os
import time
from collections import defaultdict

import pytest

from deploy.local.processes import Reaper
from tests.faults import ledger
from tests.faults.flood import Flood, percentile
from tests.faults.topics_read import lag, read_all
from tests.faults.whole_stack import Whistles, Whole, whole_stack
from tests.support.brokers import Brokers
from tests.support.waiting import eventually

pytestmark = [pytest.mark.proof, pytest.mark.xdist_group("faults")]

BEFORE, AWAY, AFTER = 30.0, 60.0, 45.0  # seconds of load
SOON = 30.0  # seconds, in which all is as before
IN_TIME = 5.0  # seconds from the moment a ticket is due to its whistle: as we promise


@pytest.mark.timeout(3000)
async def test_a_broker_dies_for_a_minute(tmp_path, capsys):
    rate = float(os.environ.get("SHAODAO_PROOF_RATE", "200"))

    def say(*lines: str) -> None:
        with capsys.disabled():
            print("\n".join(["", *lines]))  # noqa: T201

    reaper = Reaper()
    brokers = Brokers(tmp_path / "brokers", reaper=reaper)
    try:
        await brokers.start()
        async with (
            whole_stack(tmp_path / "stack", kafka=brokers.bootstrap) as whole,
            Whistles(brokers.bootstrap) as whistles,
        ):
            flood = Flood(
                url=whole.url("intake"), secret=whole.secret, rate=rate,
                seconds=BEFORE + AWAY + AFTER, connections=100,
            )  # fmt: skip
            began = time.monotonic()
            loading = asyncio.create_task(flood.run())
            await asyncio.sleep(BEFORE)
            killed, back = await _away(brokers)
            took = await loading
            say(
                f"load of the machine {os.getloadavg()[0]:.1f}; asked {rate:.0f} tickets/s for "
                f"{flood.seconds:.0f} s, a broker killed at {killed - began:.0f} s and there again "
                f"at {back - began:.0f} s",
                f"taken {len(flood.accepted())} of {len(flood.answers)}, "
                f"{len(flood.answers) / took:.0f}/s; told to come later {dict(flood.told_later)}, "
                f"connections broken off {flood.reset}; each asked again until it was taken",
            )
            await _at_rest(whole, brokers, whistles, flood)
            say(*_figures(flood, whistles, began=began, killed=killed, back=back))
            await _nothing_lost(whole, brokers, flood)
            say("nothing lost, nothing twice, every order and every history as it should be")
            late = _late(flood, whistles)
            assert [s for s in late if killed + SOON < s < back or back + SOON < s] == []
    finally:
        await asyncio.to_thread(reaper.close)


async def _away(brokers: Brokers) -> tuple[float, float]:
    """The moments when one was killed and when it answered again."""
    killed = time.monotonic()
    await brokers.nodes[0].kill()
    await asyncio.sleep(AWAY)
    await brokers.nodes[0].start()
    return killed, time.monotonic()


async def _at_rest(whole: Whole, brokers: Brokers, whistles: Whistles, flood: Flood) -> None:
    wanted = {each.ticket_id for each in flood.accepted()}

    async def left() -> int:
        missing = len(wanted - whistles.heard.keys())
        return missing or sum((await ledger.outbox_rows(whole.databases)).values())

    await eventually(left, until=lambda number: number == 0, within=600, every=1.0)

    async def behind() -> int:
        return sum((await lag(brokers.bootstrap)).values())

    await eventually(behind, until=lambda number: number == 0, within=600, every=1.0)


def _waits(flood: Flood, whistles: Whistles) -> dict[int, list[float]]:
    """By the second (monotonic) in which tickets were due: how long until each whistle was read."""
    found: defaultdict[int, list[float]] = defaultdict(list)
    for each in flood.accepted():
        assert each.ticket_id is not None
        found[int(each.due)].append(whistles.heard[each.ticket_id] - each.due)
    return found


def _late(flood: Flood, whistles: Whistles) -> list[int]:
    """The seconds whose whistles were late at p99."""
    waits = _waits(flood, whistles)
    return [s for s in sorted(waits) if percentile(waits[s], 0.99) > IN_TIME]


def _figures(
    flood: Flood, whistles: Whistles, *, began: float, killed: float, back: float
) -> list[str]:
    """How long whistles took, from the moment their tickets were due, in each phase."""
    waits, late = _waits(flood, whistles), _late(flood, whistles)
    phases = {
        "before": (began - 1, killed),
        f"first {SOON:.0f} s without it": (killed, killed + SOON),
        "rest of the time without it": (killed + SOON, back),
        f"first {SOON:.0f} s after its return": (back, back + SOON),
        "later": (back + SOON, float("inf")),
    }
    told = []
    for name, (first, last) in phases.items():
        inside = [wait for s, each in waits.items() if first <= s < last for wait in each]
        told.append(
            f"whistles, {name}: {len(inside)}, p50 {percentile(inside, 0.5):.2f} s, "
            f"p99 {percentile(inside, 0.99):.2f} s, at most {max(inside, default=0.0):.2f} s"
        )
    told.append(f"seconds whose p99 was over {IN_TIME:.0f} s:")
    moments = {"start": (began, killed), "kill": (killed, back), "return": (back, float("inf"))}
    for name, (first, last) in moments.items():
        after = [s - first for s in late if first - 1 <= s < last]
        until = f", the last {max(after):.0f} s after it" if after else ""
        told.append(f"  after the {name}: {len(after)}{until}")
    return told


async def _nothing_lost(whole: Whole, brokers: Brokers, flood: Flood) -> None:
    """All that was taken is there once; each event stands in each inbox once."""
    log = await read_all(brokers.bootstrap)
    books = await ledger.open_books(whole.databases)
    ledger.every_ticket_exists_once(books, [str(each.ticket_id) for each in flood.accepted()])
    ledger.every_ticket_has_its_whistle(books, log, set())
    ledger.every_event_was_heard(books, log)
    ledger.nothing_is_left_over(books)
    ledger.order_was_kept(log)
    ledger.every_history_holds(books)
    assert len(flood.accepted()) == len(flood.answers)
    for service in ("intake", "router", "notifier"):
        assert "consumer_stalled" not in whole.log(service)
