"""The WeChat Work robot of the simulated city: takes messages to its group and shows them.

It speaks the robot's protocol as it is documented, with its limit of 20 messages a minute, so that
the real one can stand in its place. What it took is kept in memory.
"""

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

MOST_KEPT: Final = 5_000
PER_MINUTE: Final = 20
MOST_BYTES: Final = 2048
MINUTE: Final = timedelta(minutes=1)


@dataclass(slots=True)
class Robot:
    """One group's robot: its key, what it took, and when."""

    key: str
    taken: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=MOST_KEPT))
    at: deque[datetime] = field(default_factory=deque)
    per_minute: int = PER_MINUTE
    refused: int = 0

    def answer(self, key: str, message: Any, now: datetime) -> dict[str, Any]:
        """What the robot says to a message; only errcode 0 took it."""
        if key != self.key:
            return {"errcode": 93000, "errmsg": "invalid webhook url"}
        text = message.get("text") if isinstance(message, dict) else None
        if not isinstance(text, dict) or message.get("msgtype") != "text":
            return {"errcode": 40008, "errmsg": "invalid message type"}
        content = str(text.get("content", ""))
        if not content or len(content.encode()) > MOST_BYTES:
            return {"errcode": 40058, "errmsg": "text.content exceeds max length"}
        while self.at and now - self.at[0] >= MINUTE:
            self.at.popleft()
        if len(self.at) >= self.per_minute:
            self.refused += 1
            return {"errcode": 45009, "errmsg": "api freq out of limit"}
        self.at.append(now)
        to = text.get("mentioned_list", [])
        self.taken.append({"at": now.isoformat(), "to": to, "text": content})
        return {"errcode": 0, "errmsg": "ok"}


def routes_of(robot: Robot) -> APIRouter:
    """The robot's address, and what it took."""
    router = APIRouter()

    @router.post("/cgi-bin/webhook/send")
    async def post_message(request: Request, key: str = "") -> JSONResponse:
        """A message to the group; HTTP 200 whatever the robot says of it."""
        message = await request.json()
        return JSONResponse(robot.answer(key, message, datetime.now(UTC)))

    @router.get("/wecom/messages")
    async def get_messages(limit: int = 200) -> dict[str, Any]:
        """What was taken, newest first."""
        return {"items": list(reversed(robot.taken))[:limit], "refused": robot.refused}

    return router
