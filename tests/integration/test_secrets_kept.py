"""A service that fails, in whatever way, tells no secret: not in its log, not over HTTP."""

import asyncio
import base64
import os
import secrets
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx
import pytest

from deploy.local.data_folder import PROJECT
from deploy.local.ports import LOOPBACK, Ports, free_base
from services.notifier.app import MIGRATIONS
from tests.support.waiting import eventually

PLANTED = {
    "SHAODAO_TOKEN_SECRET": f"token-{secrets.token_hex(16)}",
    "SHAODAO_VAULT_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
    "SHAODAO_VAULT_OLD_KEYS": base64.b64encode(secrets.token_bytes(32)).decode(),
    "SHAODAO_KAFKA_SASL_PASSWORD": f"kafka-{secrets.token_hex(16)}",
    "SHAODAO_SMS_KEY": f"sms-{secrets.token_hex(16)}",
    "SHAODAO_WECOM_URL": f"https://wecom.example/send?key={secrets.token_hex(16)}",
}
PASSWORD = f"db/{secrets.token_hex(16)}"  # with a character that an address has quoted
PATHS = (
    "/health",
    "/ready",
    "/metrics",
    "/nowhere",
    "/login",
    "/openapi.json",
    "/api/v1/deadlines",
)


class Service:
    """A notifier as a process, its secrets in files."""

    def __init__(self, folder: Path, dsn: str, kafka: str, **changed: str) -> None:
        self.port = Ports(free_base()).notifier
        self.log = folder / "log"
        given = {"SHAODAO_DATABASE_URL": dsn, **PLANTED, **changed}
        self.env = {
            "PATH": os.environ["PATH"],
            "SHAODAO_KAFKA_BOOTSTRAP": kafka,
            "SHAODAO_KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",  # the broker of the tests is open
            "SHAODAO_KAFKA_SASL_USERNAME": "notifier",
            "SHAODAO_SMS_URL": "https://sms.example/messages",
            "SHAODAO_LOG_LEVEL": "DEBUG",
            "SHAODAO_HTTP_PORT": str(self.port),
        }
        folder.mkdir()
        for name, value in given.items():
            (folder / name).write_text(value + "\n")
            self.env[f"{name}_FILE"] = str(folder / name)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.subprocess.Process]:
        with self.log.open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "services.notifier.app"),
                cwd=PROJECT,
                env=self.env,
                stdout=log,
                stderr=log,
            )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.terminate()
                await process.wait()

    async def said_when_it_failed(self) -> str:
        async with self.running() as process:
            assert await asyncio.wait_for(process.wait(), 120) != 0
        return self.log.read_text()


def leaks(text: str, more: Mapping[str, str]) -> list[str]:
    """The names of the secrets that the text tells; a long enough piece of one counts too."""
    words = {"password": PASSWORD, "quoted": quote(PASSWORD, safe="")} | PLANTED | more
    return [name for name, word in words.items() if word in text or word[-20:] in text]


@pytest.fixture
async def dsn(database) -> str:
    return await database(MIGRATIONS)


def with_password(dsn: str) -> str:
    server = urlsplit(dsn)
    netloc = f"{server.username}:{quote(PASSWORD, safe='')}@{server.hostname}:{server.port}"
    return server._replace(netloc=netloc).geturl()


async def test_what_fails_at_the_start_tells_no_secret(dsn: str, kafka: str, tmp_path: Path):
    short = base64.b64encode(b"only-sixteen-byte").decode()
    ways = {
        "InvalidPassword": Service(tmp_path / "1", with_password(dsn), kafka),
        "database_url": Service(tmp_path / "2", f"mysql://a:{PASSWORD}@b/c", kafka),
        "VaultError": Service(tmp_path / "3", dsn, kafka, SHAODAO_VAULT_KEY=short),
    }
    said = await asyncio.gather(*(each.said_when_it_failed() for each in ways.values()))
    for why, text in zip(ways, said, strict=True):
        assert why in text, text[-4000:]
        assert leaks(text, {"short": short}) == [], why


async def test_a_service_that_limps_tells_no_secret(dsn: str, kafka: str, tmp_path: Path):
    """Kafka does not let it in; what it answers meanwhile, and its log, have no secret in them."""
    service = Service(tmp_path / "1", dsn, kafka)
    answers = []
    async with (
        service.running() as process,
        httpx.AsyncClient(base_url=f"http://{LOOPBACK}:{service.port}", trust_env=False) as client,
    ):

        async def is_there() -> bool:
            assert process.returncode is None, service.log.read_text()
            try:
                return (await client.get("/health")).status_code == 200
            except httpx.TransportError:
                return False

        await eventually(is_there, within=120, every=0.2)
        for path in PATHS:
            answers.append(await client.get(path))
        bad = {"Authorization": f"Bearer {'x' * 20}.{'y' * 20}"}
        answers.append(await client.get("/api/v1/deadlines", headers=bad))
        answers.append(await client.post("/login", data={"login": "ops", "password": "wrong"}))
        answers.append(await client.post("/api/v1/figures/rebuild", content=b"{"))
    assert {answer.status_code for answer in answers} >= {200, 401, 404}
    for answer in answers:
        assert leaks(answer.text + str(answer.headers), {}) == [], answer.url
    text = service.log.read_text()
    assert "kafka" in text.lower()
    assert leaks(text, {"dsn": dsn, "test password": quote("for tests only")}) == []
