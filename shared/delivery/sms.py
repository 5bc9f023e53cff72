"""Text messages through a gateway of one HTTP shape, which the runbook describes.

POST {"to", "text", "idempotency_key", "sign"} with a bearer key → 202 {"message_id"}. The phone is
asked for at the very moment of sending and is written nowhere.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import httpx

from shared.delivery.calling import call
from shared.delivery.leases import Delivery
from shared.delivery.outcome import Ending, Outcome
from shared.delivery.texts import TextError, Texts
from shared.runtime.clock import wall_now

# These say something of the gateway, its key or the moment, and nothing of the message.
NOT_FINAL: Final = frozenset({401, 403, 404, 405, 408, 425, 429})


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """Whom a message reaches, and what of its text is known only now: a code, a signed link."""

    phone: str
    values: Mapping[str, str] = field(default_factory=dict)


class SmsSender:
    """The channel of text messages."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        url: str,
        key: str,
        sign: str,
        texts: Texts,
        addressee_of: Callable[[str], Awaitable[Addressee | None]],
    ) -> None:
        """`sign` stands before every text; `addressee_of` a recipient may be None: nobody."""
        self._client = client
        self._url = url
        self._key = key
        self._sign = sign
        self._texts = texts
        self._addressee_of = addressee_of

    async def send(self, delivery: Delivery) -> Outcome:
        """Hand the message to the gateway once."""
        addressee = await self._addressee_of(delivery.recipient)
        if addressee is None:
            return Outcome(ending=Ending.NOBODY, error="no phone is known any more")
        try:
            values = {**addressee.values, **delivery.values}
            text = self._texts.render(delivery.template, values)
        except TextError as error:
            return Outcome(ending=Ending.REFUSED, error=str(error))
        request = self._client.build_request(
            "POST",
            self._url,
            json={
                "to": addressee.phone,
                "text": text,
                "idempotency_key": str(delivery.delivery_id),
                "sign": self._sign,
            },
            headers={"Authorization": f"Bearer {self._key}"} if self._key else {},
        )
        outcome = await call(self._client, request, now=wall_now())
        status = outcome.status or 0
        if 400 <= status < 500 and status not in NOT_FINAL:
            return replace(outcome, ending=Ending.REFUSED)
        return outcome
