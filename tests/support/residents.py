"""A resident's phone for tests: keeps its cookies, sends the forms of the pages, takes photos."""

import io
import re
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from PIL import Image

from tests.support.intake import Intake

NUMBER = re.compile(r"/r/t/(\d{19,})")
LINK = re.compile(r"https?://\S+/t/([A-Za-z0-9_-]+)")


def jpeg(colour: str = "orange", size: tuple[int, int] = (320, 240)) -> bytes:
    """A small photo."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG")
    return out.getvalue()


@dataclass
class Phone:
    """One browser of a resident."""

    http: httpx.AsyncClient

    async def csrf(self) -> str:
        answer = await self.http.get("/r/session")
        token: str = answer.json()["csrf"]
        return token

    async def post(self, path: str, *, files: Any = None, **fields: Any) -> httpx.Response:
        """A form of a page, without scripts."""
        data = {"csrf": await self.csrf(), **fields}
        return await self.http.post(path, data=data, files=files, headers={"Accept": "text/html"})

    async def upload(self, data: bytes) -> httpx.Response:
        """A photo, as the page's script sends it."""
        headers = {"X-CSRF-Token": await self.csrf()}
        files = {"file": ("photo", data, "image/jpeg")}
        return await self.http.post("/r/photos", files=files, headers=headers)

    async def report(self, *, key: str | None = None, **fields: Any) -> httpx.Response:
        """A report, as the page's script sends it."""
        headers = {"X-CSRF-Token": await self.csrf(), "Accept": "application/json"}
        given = {
            "key": key or uuid.uuid4().hex,
            "to": "grid",
            "label": "lamp",
            "text": "楼下的路灯不亮了",
            "address": "河湾锦苑3号楼",
            **fields,
        }
        data = {name: value for name, value in given.items() if value is not None}
        return await self.http.post("/r/reports", data=data, headers=headers)

    async def reported(self, **fields: Any) -> str:
        """A report that becomes a ticket; its number."""
        answer = await self.report(**fields)
        assert answer.status_code == 201, answer.text
        number: str = answer.json()["number"]
        return number

    async def page(self, path: str) -> str:
        """The text of a page that opens."""
        answer = await self.http.get(path, follow_redirects=True)
        assert answer.status_code == 200, answer.text
        return answer.text


@asynccontextmanager
async def phone(url: str) -> AsyncIterator[Phone]:
    """A new phone."""
    headers = {"Accept-Language": "zh-CN"}
    async with httpx.AsyncClient(
        base_url=url, headers=headers, timeout=30, trust_env=False
    ) as http:
        yield Phone(http)


async def ticket_id_of(intake: Intake, number: str) -> str:
    rows = await intake.rows("select ticket_id from ticket where number = $1", number)
    return str(rows[0]["ticket_id"])
