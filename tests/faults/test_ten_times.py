"""Ten times what can be done is asked for: the excess is told to come later, nothing is lost."""

import asyncio
import os
from collections import Counter

import pytest

from tests.faults import ledger
from tests.faults.flood import Flood, percentile
from tests.faults.whole_stack import Whistles, Whole, whole_stack
from tests.support.waiting import eventually

pytestmark = [pytest.mark.proof, pytest.mark.xdist_group("faults")]

TIMES = 10
MOST_CONNECTIONS = 3000
MOST_SECONDS = 5.0  # until the answer of one that was taken, where this many are done a second:
QUIET = 120.0  # on a machine that others use as well, in proportion longer


async def capacity(whole: Whole) -> tuple[float, Flood]:
    """Tickets a second that are taken when as many ask as may; the second run counts."""
    for first in (0, 2000):
        flood = Flood(
            url=whole.url("intake"), secret=whole.secret, rate=100_000, seconds=0.02,
            connections=64, insists=True, first=first,
        )  # fmt: skip
        seconds = await flood.run()
    return len(flood.answers) / seconds, flood


@pytest.mark.timeout(900)
async def test_ten_times_the_capacity_for_a_minute(tmp_path, capsys):
    seconds = float(os.environ.get("SHAODAO_PROOF_SECONDS", "60"))
    async with whole_stack(tmp_path) as whole, Whistles(whole.bootstrap) as whistles:
        able, _ = await capacity(whole)
        flood = Flood(
            url=whole.url("intake"), secret=whole.secret, rate=TIMES * able, seconds=seconds,
            connections=min(MOST_CONNECTIONS, int(TIMES * able) + 200), insists=False, first=10_000,
        )  # fmt: skip
        took = await flood.run()
        accepted, refused = flood.accepted(), flood.refused()
        waits = [each.took for each in accepted]
        told = [
            f"load of the machine {os.getloadavg()[0]:.1f}; capacity {able:.0f} tickets/s",
            f"offered {len(flood.answers) / took:.0f}/s for {took:.0f} s",
            f"taken {len(accepted)} ({len(accepted) / took:.0f}/s), refused {len(refused)}: "
            f"{Counter((each.status, each.code) for each in refused)}",
            f"taken ones: p50 {percentile(waits, 0.5):.2f} s, p99 {percentile(waits, 0.99):.2f} s",
            f"refused ones: p99 {percentile([e.took for e in refused], 0.99):.2f} s",
        ]
        with capsys.disabled():
            print("\n".join(["", *told]))  # noqa: T201
        assert Counter(e.status for e in flood.answers).keys() <= {201, 429, 503}, told
        assert len(refused) > len(accepted), "it was no overload"
        assert all(each.retry_after for each in refused)
        assert [each for each in refused if each.critical] == []
        assert percentile(waits, 0.99) <= MOST_SECONDS * max(1.0, QUIET / able)
        wanted = {each.ticket_id for each in accepted}
        assert len(wanted) == len(accepted)
        await everything_arrives(whole, whistles, wanted)


async def everything_arrives(whole: Whole, whistles: Whistles, wanted: set[str | None]) -> None:
    """Each ticket that was taken has its whistle on the topic, and no other event is told twice."""

    async def missing() -> int:
        return len(wanted - whistles.heard.keys())

    await eventually(missing, until=lambda left: left == 0, within=300, every=0.5)

    async def unsaid() -> int:
        return sum((await ledger.outbox_rows(whole.databases)).values())

    await eventually(unsaid, until=lambda rows: rows == 0, within=60, every=0.5)
    await asyncio.sleep(0)
    assert {event: times for event, times in whistles.events.items() if times > 1} == {}
