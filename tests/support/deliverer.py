"""A process that does nothing but deliver webhooks, to be killed by a test.

python -m tests.support.deliverer DSN KAFKA FOLDER URL SECRET
"""

import asyncio
import sys
from pathlib import Path

from shared.delivery.address import Allowed
from shared.delivery.calling import new_client
from shared.delivery.deliver import Deliverer
from shared.delivery.outgoing import Channel
from shared.delivery.webhook import Endpoint, WebhookSender
from shared.runtime.service import running
from shared.runtime.settings import ServiceSettings


async def main(dsn: str, kafka: str, folder: str, url: str, secret: str) -> None:
    """Deliver until killed."""

    async def endpoint_of(_recipient: str) -> Endpoint:
        return Endpoint(url=url, secrets=(secret,))

    async def disable(recipient: str, why: str) -> None:
        raise AssertionError(f"{recipient}: {why}")

    settings = ServiceSettings(database_url=dsn, kafka_bootstrap=kafka, token_secret="x" * 40)
    async with (
        new_client() as client,
        running(settings, name="killed", migrations=Path(folder)) as runtime,
    ):
        sender = WebhookSender(
            client, allowed=Allowed.read("127.0.0.0/8"), endpoint_of=endpoint_of, disable=disable
        )
        Deliverer(runtime, {Channel.WEBHOOK: sender})
        await runtime.start()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:6]))
