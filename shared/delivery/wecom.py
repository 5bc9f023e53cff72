"""Messages to a group of WeChat Work through its robot, with the person on duty called by name.

POST {"msgtype": "text", "text": {"content", "mentioned_list"}} to the robot's address, which holds
its key; the answer is {"errcode", "errmsg"} with HTTP 200. The robot takes 20 messages a minute and
knows no idempotency key: a message that was taken while its answer was lost comes twice.
https://developer.work.weixin.qq.com/document/path/91770
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

import httpx
from pydantic_core import from_json

from shared.delivery.calling import call_and_read
from shared.delivery.leases import Delivery
from shared.delivery.outcome import Ending, Outcome
from shared.delivery.texts import TextError, Texts
from shared.runtime.clock import wall_now

MOST_BYTES: Final = 2048  # of a text; what is more is refused by the robot
TAKEN: Final = 0
TOO_MANY: Final = 45009  # more than it takes in a minute
BUSY: Final = -1
NO_ROBOT: Final = frozenset({93000, 93008})  # the key is wrong or the robot was taken away
CUT: Final = "…"


class WecomSender:
    """The channel of a WeChat Work robot."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        url: str,
        texts: Texts,
        user_of: Callable[[str], Awaitable[str | None]],
    ) -> None:
        """`url` holds the robot's key; `user_of` a recipient is its account, or None."""
        self._client = client
        self._url = url
        self._texts = texts
        self._user_of = user_of

    async def send(self, delivery: Delivery) -> Outcome:
        """Hand the message to the robot once."""
        user = await self._user_of(delivery.recipient)
        if user is None:
            return Outcome(ending=Ending.NOBODY, error="no account is known any more")
        try:
            text = self._texts.render(delivery.template, dict(delivery.values))
        except TextError as error:
            return Outcome(ending=Ending.REFUSED, error=str(error))
        request = self._client.build_request(
            "POST",
            self._url,
            json={"msgtype": "text", "text": {"content": cut(text), "mentioned_list": [user]}},
        )
        outcome, body = await call_and_read(self._client, request, now=wall_now())
        return outcome if outcome.ending is not Ending.SENT else judged(outcome, body)


def judged(outcome: Outcome, body: bytes) -> Outcome:
    """What the robot's own code says of a message that came to it."""
    try:
        code = from_json(body)["errcode"]
    except (ValueError, KeyError, TypeError):
        return replace(outcome, ending=Ending.AGAIN, error="no answer of a robot")
    if code == TAKEN:
        return outcome
    said = f"errcode {code}"
    if code == TOO_MANY:
        minute = timedelta(minutes=1)
        return replace(outcome, ending=Ending.AGAIN, error=said, retry_after=minute)
    if code == BUSY or code in NO_ROBOT:
        return replace(outcome, ending=Ending.AGAIN, error=said)
    return replace(outcome, ending=Ending.REFUSED, error=said)


def cut(text: str) -> str:
    """The text in as many bytes as a robot takes, in whole characters, marked where cut."""
    raw = text.encode()
    if len(raw) <= MOST_BYTES:
        return text
    return raw[: MOST_BYTES - len(CUT.encode())].decode(errors="ignore") + CUT
