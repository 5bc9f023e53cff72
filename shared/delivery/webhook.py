"""Webhooks by the rules of Standard Webhooks: signed, retried with the same id, never redirected.

The body is {"type", "timestamp", "data"}; `webhook-id` is the delivery_id, the signature is made
anew for the time of each try. 410 disables the endpoint.
"""

import base64
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlunsplit

import httpx
from pydantic_core import to_json
from standardwebhooks.webhooks import Webhook

from shared.delivery.address import Allowed, UnsafeAddressError, check_url, safe_address
from shared.delivery.calling import call
from shared.delivery.leases import Delivery
from shared.delivery.outcome import Ending, Outcome
from shared.runtime.clock import wall_now

GONE: Final = 410
SECRET_BYTES: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where to call and what to sign with; while a secret is being changed, with both."""

    url: str
    secrets: tuple[str, ...]


def new_secret() -> str:
    """A new signing secret, as Standard Webhooks writes them."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def body_of(delivery: Delivery) -> bytes:
    """The body of every try: the same bytes."""
    content = {
        "type": delivery.template,
        "timestamp": delivery.created_at.isoformat(),
        "data": dict(delivery.values),
    }
    return to_json(content)


def signed(delivery: Delivery, secrets_: tuple[str, ...], *, at: datetime) -> dict[str, str]:
    """The three headers of Standard Webhooks for a try at that time."""
    delivery_id, body = str(delivery.delivery_id), body_of(delivery).decode()
    signatures = [Webhook(each).sign(delivery_id, at, body) for each in secrets_]
    return {
        "webhook-id": delivery_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


class WebhookSender:
    """The channel of webhooks."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        allowed: Allowed,
        endpoint_of: Callable[[str], Awaitable[Endpoint | None]],
        disable: Callable[[str, str], Awaitable[None]],
    ) -> None:
        """`endpoint_of` a recipient is None when it has none any more; `disable` says why."""
        self._client = client
        self._allowed = allowed
        self._endpoint_of = endpoint_of
        self._disable = disable

    async def send(self, delivery: Delivery) -> Outcome:
        """Call the endpoint once."""
        endpoint = await self._endpoint_of(delivery.recipient)
        if endpoint is None:
            return Outcome(ending=Ending.NOBODY, error="there is no such endpoint any more")
        try:
            request = await self._request(delivery, endpoint)
        except (UnsafeAddressError, OSError) as error:
            why = (
                f"the address {error}" if isinstance(error, UnsafeAddressError) else "no such host"
            )
            return Outcome(ending=Ending.AGAIN, error=why)
        outcome = await call(self._client, request, now=wall_now())
        if outcome.status != GONE:
            return outcome
        await self._disable(delivery.recipient, "410 Gone")
        return Outcome(ending=Ending.REFUSED, status=GONE, error="410 Gone: disabled")

    async def _request(self, delivery: Delivery, endpoint: Endpoint) -> httpx.Request:
        """The call to the address that was judged, by the name that its certificate bears."""
        parts = check_url(endpoint.url)
        address = await safe_address(parts, self._allowed)
        host = f"[{address}]" if address.version == 6 else str(address)
        place = f"{host}:{parts.port}" if parts.port else host
        return self._client.build_request(
            "POST",
            urlunsplit((parts.scheme, place, parts.path or "/", parts.query, "")),
            content=body_of(delivery),
            headers={
                "Host": parts.netloc,
                "Content-Type": "application/json",
                **signed(delivery, endpoint.secrets, at=wall_now()),
                **({"traceparent": delivery.traceparent} if delivery.traceparent else {}),
            },
            extensions={"sni_hostname": parts.hostname},
        )
