"""One city a module: the three services as processes, on a Monday at 09:00."""

from collections.abc import AsyncIterator

import pytest

from deploy.cli.chains import verified
from tests.support.city import City
from tests.support.stack import Servers, topic_prefix

UNITS = (
    "C-RXZX", "BH-RXZX", "C-SZZ", "U-GD1", "BH-CGJ", "C-CGJ", "BH-SCJ", "C-GAJ", "BH-GAJ", "BH-ZJJ",
    "C-TXB", "U-TX1", "U-TX2", "U-TX3", "P-01", "BH-GOV", "S-159902001", "Q-159902001001",
    "BH-XFJ", "BH-WJW", "C-YLZ", "U-PS1", "BH-STJ", "XS-CGJ", "XS-RXZX",
)  # fmt: skip


@pytest.fixture(scope="module")
async def city(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[City]:
    """The services, with topics for the units that the stories call.

    Whatever was told, at its end the chain of every history holds.
    """
    city = City(servers, tmp_path_factory.mktemp("city"), topic_prefix(), UNITS)
    try:
        await city.start()
        yield city
        for service, dsn in city.databases.items():
            report = await verified(service, dsn)
            assert report.found == 0, (service, report.faults)
    finally:
        await city.stop()
