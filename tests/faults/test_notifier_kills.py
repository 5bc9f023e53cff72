"""The notifier is killed while it fires and tells: each rung once, nobody is forgotten."""

import os
import secrets
from datetime import timedelta

import pytest

from tests.faults.notifier_plan import Size
from tests.faults.notifier_story import tell

pytestmark = pytest.mark.xdist_group("faults")

SHORT = Size(
    promises=1500, people=40, copies=2, kills=4, waves=3, apart=timedelta(seconds=2),
    ahead=timedelta(seconds=4), pause=(0.7, 2.5), settle_seconds=15, calm_within=120,
)  # fmt: skip
LONG = Size(
    promises=20_000, people=500, copies=3, kills=20, waves=12, apart=timedelta(seconds=6),
    ahead=timedelta(seconds=30), pause=(2.0, 7.0), settle_seconds=45, calm_within=400,
)  # fmt: skip


@pytest.fixture
def seed() -> str:
    """Drawn anew each time; SHAODAO_KILL_SEED tells a story again."""
    return os.environ.get("SHAODAO_KILL_SEED") or secrets.token_hex(4)


async def test_notifier_killed_short(seed, tmp_path, record_property, capsys):
    told = await tell(tmp_path, seed, SHORT, skip_miss=False)
    record_property("seed", seed)
    with capsys.disabled():
        print("\n".join([f"\nnotifier killed, seed {seed}", *told]))  # noqa: T201


@pytest.mark.proof
@pytest.mark.timeout(1800)
async def test_notifier_killed_long(seed, tmp_path, record_property, capsys):
    told = await tell(tmp_path, seed, LONG, skip_miss=True)
    record_property("seed", seed)
    with capsys.disabled():
        print("\n".join([f"\nnotifier killed, seed {seed}", *told]))  # noqa: T201
