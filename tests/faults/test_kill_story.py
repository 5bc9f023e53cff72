"""Services, Kafka and PostgreSQL are killed under load: nothing is lost, doubled or reordered."""

import os
import secrets

import pytest

from tests.faults.plan import Kind, Size, draw
from tests.faults.story import tell

pytestmark = pytest.mark.xdist_group("faults")

SHORT = Size(
    tickets=300, load_seconds=20, copies=1,
    kills=3, stops=2, kafka=1, postgres=1, forwards=2, pause=(0.5, 2.5), away=(0.3, 1.5),
    mischief=3, calm_within=60,
)  # fmt: skip
LONG = Size(
    tickets=4000, load_seconds=330, copies=2,
    kills=20, stops=12, kafka=5, postgres=6, forwards=5, pause=(1.0, 9.0), away=(0.3, 8.0),
    mischief=25, calm_within=300,
)  # fmt: skip


@pytest.fixture
def seed() -> str:
    """Drawn anew each time; SHAODAO_KILL_SEED tells a story again."""
    return os.environ.get("SHAODAO_KILL_SEED") or secrets.token_hex(4)


async def test_kill_story_short(seed, tmp_path, record_property, capsys):
    told = await tell(tmp_path, seed, SHORT)
    record_property("seed", seed)
    with capsys.disabled():
        print("\n".join([f"\nkill story, seed {seed}", *told]))  # noqa: T201


@pytest.mark.proof
@pytest.mark.timeout(3600)
async def test_kill_story_long(seed, tmp_path, record_property, capsys):
    told = await tell(tmp_path, seed, LONG)
    record_property("seed", seed)
    with capsys.disabled():
        print("\n".join([f"\nkill story, seed {seed}", *told]))  # noqa: T201


def test_a_seed_tells_the_same_story_again():
    assert draw("a", LONG) == draw("a", LONG)
    assert draw("a", LONG) != draw("b", LONG)


def test_every_story_has_all_its_faults():
    kinds = [fault.kind for fault in draw("any", SHORT)]
    assert kinds.count(Kind.KAFKA) == 1
    assert kinds.count(Kind.POSTGRES) == 1
    assert len(kinds) >= 8
