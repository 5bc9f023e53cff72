"""The guide of departments does what it says: its command lines and its code, as written."""

import asyncio
import base64
import json
import os
import re
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pytest
from PIL import Image
from standardwebhooks.webhooks import Webhook

import shared.contracts
from services.router.app import MIGRATIONS
from shared.runtime.clock import wall_now
from tests.support.router import Router, router_on
from tests.unit.router.samples import MONDAY

LEAD: Final = "BH-CGJ"
README: Final = (Path(shared.contracts.__file__).parent / "README.md").read_text("utf-8")
BLOCK: Final = re.compile(r"^```(bash|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[str]:
    found = [text for name, text in BLOCK.findall(README) if name == language]
    assert found
    return found


@pytest.fixture
async def router(
    database: Any, kafka: str, prefix: str, topics_of: Any, tmp_path: Path
) -> AsyncIterator[Router]:
    await topics_of(prefix, (LEAD, "S-159902001", "Q-159902001001", "BH-SCJ"))
    dsn = await database(MIGRATIONS)
    async with router_on(dsn, kafka, prefix, tmp_path, units=(LEAD,)) as made:
        yield made


async def test_the_command_lines_of_the_guide_work(router: Router, tmp_path: Path) -> None:
    whistle_id = await router.blown(await router.registers())
    await router.hears("bureau.whistled", whistle_id=whistle_id)
    made = await router.call("POST", "/department/keys", role="ops", json={"unit": LEAD})
    out = BytesIO()
    Image.new("RGB", (320, 240), "green").save(out, "JPEG")
    (tmp_path / "photo.jpg").write_bytes(out.getvalue())
    report = {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": "/departments/BH-CGJ",
        "type": "shaodao.report.acknowledged.v1",
        "subject": whistle_id,
        "time": MONDAY.isoformat(),
        "data": {
            "whistle_id": whistle_id,
            "handler": {"name": "王工"},
            "at": MONDAY.isoformat(),
        },
    }
    (tmp_path / "report.json").write_text(json.dumps(report), "utf-8")
    lines = "set -euo pipefail\n" + "\necho\n".join(
        re.sub(r"(?<!\\)\n(?=curl|#)", "\necho\n", block) for block in blocks("bash")
    )
    process = await asyncio.create_subprocess_exec(
        *("bash", "-c", lines),
        cwd=tmp_path,
        env={
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "KEY": made.json()["key"],
            "ROUTER": router.url,
            "WHISTLE": whistle_id,
            "HOOK": "https://oa.example.gov.cn/shaodao",
            "NO_PROXY": "127.0.0.1",
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, wrong = await process.communicate()
    assert process.returncode == 0, wrong.decode()
    events, notices, file, answers, webhook, log, sent_back = (
        json.loads(line) for line in said.decode().splitlines() if line
    )
    assert [each["subject"] for each in events["items"]] == [whistle_id]
    assert notices["stream"] == "notices"
    assert file["media_type"] == "image/jpeg"
    assert [each["verdict"] for each in answers["items"]] == ["accepted"]
    assert webhook["secret"].startswith("whsec_")
    assert log["items"] == []
    assert sent_back["next"]["whistles"] == 0


def test_the_guide_verifies_a_webhook_as_the_standard_does() -> None:
    (code,) = blocks("python")
    assert code.count("\n") <= 18
    names: dict[str, Any] = {}
    exec(compile(code, "README.md", "exec"), names)
    verify = names["verify"]
    secret = "whsec_" + base64.b64encode(b"a secret of these tests only").decode()
    body, now = b'{"type":"shaodao.bureau.whistled.v1"}', wall_now()

    def headers(at: Any) -> dict[str, str]:
        return {
            "webhook-id": "d1",
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": "v1,AAAA " + Webhook(secret).sign("d1", at, body.decode()),
        }

    verify(secret, headers(now), body)
    for wrong in (
        (secret, headers(now), body + b" "),
        ("whsec_" + base64.b64encode(b"another").decode(), headers(now), body),
        (secret, headers(now - timedelta(minutes=6)), body),
    ):
        with pytest.raises(ValueError):
            verify(*wrong)
