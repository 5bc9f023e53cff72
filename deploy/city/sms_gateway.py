"""The text message gateway of the simulated city: takes messages, keeps them, shows them to people.

Beside it, in the same process, stands the robot of a WeChat Work group.

It speaks the one HTTP shape of the runbook, so that a real gateway can stand in its place. Nothing
is sent anywhere; what it took is kept in memory, each idempotency key once. Tests make it fail
through POST /behaviour.
"""

import asyncio
import hmac
import os
import re
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from typing import Annotated, Any, Final
from uuid import uuid4

import uvicorn
from fastapi import FastAPI, Header, HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from deploy.city.wecom_robot import Robot, routes_of
from shared.runtime.secret_files import said

MOST_KEPT: Final = 20_000
SHOWN: Final = 200
_PHONE: Final = re.compile(r"\+?\d{5,15}")


class Outgoing(BaseModel):
    """A message as a service hands it over."""

    model_config = ConfigDict(extra="forbid")

    to: str
    text: Annotated[str, Field(min_length=1, max_length=1000)]
    idempotency_key: Annotated[str, Field(min_length=8, max_length=200)]
    sign: Annotated[str, Field(max_length=40)] = ""


class Behaviour(BaseModel):
    """How the next messages are answered: `status` so many `times`, after `delay` seconds.

    With `takes` the message is kept all the same, as if the answer had been lost on its way.
    """

    model_config = ConfigDict(extra="forbid")

    status: Annotated[int, Field(ge=200, le=599)] = 500
    times: Annotated[int, Field(ge=0, le=1_000_000)] = 1
    delay: Annotated[float, Field(ge=0, le=60)] = 0.0
    takes: bool = False
    retry_after: int | None = None


@dataclass(slots=True)
class Gateway:
    """What was taken so far, and how the next message will be answered."""

    key: str
    taken: OrderedDict[str, dict[str, Any]] = field(default_factory=OrderedDict)
    behaviour: Behaviour = field(default_factory=lambda: Behaviour(times=0))
    calls: int = 0

    def take(self, message: Outgoing) -> str:
        """Keep a message; its id, which a repeated key gets again."""
        known = self.taken.get(message.idempotency_key)
        if known is not None:
            return str(known["message_id"])
        message_id = str(uuid4())
        self.taken[message.idempotency_key] = {
            "message_id": message_id,
            **message.model_dump(),
            "at": datetime.now(UTC).isoformat(),
        }
        while len(self.taken) > MOST_KEPT:
            self.taken.popitem(last=False)
        return message_id

    def messages(self, phone: str | None) -> list[dict[str, Any]]:
        """What was taken for a phone, or for all; newest first."""
        return [m for m in reversed(self.taken.values()) if phone in (None, m["to"])]


def create_app(key: str, robot: Robot | None = None) -> FastAPI:
    """The gateway; without a key it takes messages of anybody."""
    app = FastAPI(title="短信网关（模拟） / SMS gateway (simulated)", version="1")
    gateway = Gateway(key)
    app.state.gateway = gateway
    robot = robot or Robot(key)
    app.state.robot = robot
    app.include_router(routes_of(robot))

    @app.post("/messages", status_code=202)
    async def post_message(
        message: Outgoing, authorization: Annotated[str, Header()] = ""
    ) -> JSONResponse:
        """Take a message: 202 with its id; the same key again is the same message."""
        gateway.calls += 1
        if gateway.key and not hmac.compare_digest(authorization, f"Bearer {gateway.key}"):
            raise HTTPException(401, "wrong key")
        if not _PHONE.fullmatch(message.to):
            raise HTTPException(422, "not a phone")
        how = gateway.behaviour
        if how.times > 0:
            how.times -= 1
            await asyncio.sleep(how.delay)
            if how.takes:
                gateway.take(message)
            if how.status >= 300:
                after = {"Retry-After": str(how.retry_after)} if how.retry_after else None
                raise HTTPException(how.status, "as told", headers=after)
        return JSONResponse({"message_id": gateway.take(message)}, status_code=202)

    @app.get("/messages")
    async def get_messages(phone: str | None = None, limit: int = SHOWN) -> dict[str, Any]:
        """What was taken, newest first."""
        return {"items": gateway.messages(phone)[:limit], "calls": gateway.calls}

    @app.post("/behaviour")
    async def post_behaviour(behaviour: Behaviour) -> Behaviour:
        """Answer the next messages so; for tests."""
        gateway.behaviour = behaviour
        return behaviour

    @app.get("/", response_class=HTMLResponse)
    async def get_page(request: Request) -> HTMLResponse:
        """The messages as a page, for trying the platform; it looks anew every five seconds."""
        phone = request.query_params.get("phone") or None
        return HTMLResponse(_page(gateway.messages(phone)[:SHOWN], list(robot.taken)[-SHOWN:]))

    return app


def _page(messages: list[dict[str, Any]], of_group: list[dict[str, Any]]) -> str:
    rows = "\n".join(
        f"<tr><td>{escape(m['at'][:19].replace('T', ' '))}</td><td>{escape(m['to'])}</td>"
        f"<td>{_linked(m['sign'] + m['text'])}</td></tr>"
        for m in messages
    )
    group = "\n".join(
        f"<tr><td>{m['at'][:19].replace('T', ' ')}</td><td>{escape('、'.join(m['to']))}</td>"
        f"<td>{_linked(m['text'])}</td></tr>"
        for m in reversed(of_group)
    )
    return f"""<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta http-equiv="refresh" content="5">
<meta name="viewport" content="width=device-width"><title>短信网关（模拟）</title></head>
<body><h1>短信网关（模拟） / SMS gateway (simulated)</h1>
<p>这里的短信不会真的发出 / nothing is sent anywhere. {len(messages)} 条 / messages.</p>
<table border="1" cellpadding="6"><thead><tr><th>时间 / UTC</th><th>手机号 / to</th><th>内容 / text
</th></tr></thead><tbody>
{rows}
</tbody></table>
<h2>企业微信群机器人（模拟） / WeChat Work robot (simulated)</h2>
<table border="1" cellpadding="6"><thead><tr><th>时间 / UTC</th><th>提醒 / to</th>
<th>内容 / text</th></tr></thead><tbody>
{group}
</tbody></table></body></html>"""


def _linked(text: str) -> str:
    """The text with its addresses to click on."""
    return re.sub(
        r"https?://[^\s<&，。；]+", lambda m: f'<a href="{m[0]}">{m[0]}</a>', escape(text)
    )


def main() -> None:
    """Serve on SHAODAO_SMS_PORT until told to stop; SHAODAO_SMS_KEY is who may hand over."""
    host = os.environ.get("SHAODAO_SMS_HOST", "127.0.0.1")
    port = int(os.environ.get("SHAODAO_SMS_PORT", "18007"))
    app = create_app(said("SHAODAO_SMS_KEY") or "")
    uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
