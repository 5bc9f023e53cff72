"""What the router sends outside: the events of departments that chose a webhook."""

from typing import Final

import httpx

from services.router.domain.department import unit_of_recipient
from services.router.store import webhooks as store
from shared.delivery import leases
from shared.delivery.address import Allowed
from shared.delivery.deliver import Deliverer
from shared.delivery.outgoing import Channel, destination_of
from shared.delivery.webhook import Endpoint, WebhookSender
from shared.runtime.clock import wall_now
from shared.runtime.service import Runtime
from shared.sealing import Seals

NO_SEALS: Final = "no vault key is configured (SHAODAO_VAULT_KEY): departments have no webhooks"


class Endpoints:
    """Finds which webhooks the references of deliveries mean."""

    def __init__(self, runtime: Runtime, seals: Seals) -> None:
        self._runtime = runtime
        self._seals = seals

    async def endpoint(self, recipient: str) -> Endpoint | None:
        """The webhook behind "department:<unit>"."""
        unit = unit_of_recipient(recipient)
        async with self._runtime.pool.acquire() as connection:
            found = await store.endpoint_of(connection, unit, seals=self._seals, wall=wall_now())
        return Endpoint(url=found[0], secrets=found[1]) if found else None

    async def disable(self, recipient: str, why: str) -> None:
        """The webhook's side wants no more."""
        unit, destination = unit_of_recipient(recipient), destination_of(Channel.WEBHOOK, recipient)
        async with self._runtime.transaction() as connection:
            wall = wall_now()
            if await store.disable(connection, unit, destination, why=why, wall=wall):
                await leases.cancel_waiting(connection, recipient, why=why, wall=wall)


def start_sending(runtime: Runtime, *, seals: Seals, client: httpx.AsyncClient) -> Deliverer:
    """Deliver from this process on, as soon as the runtime starts."""
    endpoints = Endpoints(runtime, seals)
    sender = WebhookSender(
        client,
        allowed=Allowed.read(runtime.settings.webhook_networks),
        endpoint_of=endpoints.endpoint,
        disable=endpoints.disable,
    )
    # its reports commit all the time, and what is to be sent comes from `forward` alone
    return Deliverer(runtime, {Channel.WEBHOOK: sender}, after_commits=False)
