"""Vital signs of the process: how late its event loop is, and when its certificates end."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlsplit

from cryptography import x509

from shared.runtime import metrics
from shared.runtime.logging import logger

if TYPE_CHECKING:
    from shared.runtime.service import Runtime
    from shared.runtime.settings import ServiceSettings

LOOP_EVERY_SECONDS: Final = 0.5
CERTIFICATES_EVERY_SECONDS: Final = 3600.0
_OF_POSTGRES: Final = {"sslrootcert": "database_ca", "sslcert": "database_client"}

log = logger(__name__)


async def watch_loop() -> None:
    """Sleep and see how much later one wakes, for ever."""
    loop = asyncio.get_running_loop()
    while True:
        asked = loop.time() + LOOP_EVERY_SECONDS
        await asyncio.sleep(LOOP_EVERY_SECONDS)
        metrics.LOOP_LAG.observe(max(0.0, loop.time() - asked))


async def watch_certificates(runtime: "Runtime") -> None:
    """Look when each configured certificate ends, now and then: files are renewed in place."""
    while True:
        for name, path in certificates(runtime.settings):
            try:
                end = first_end(path)
            except (OSError, ValueError) as error:
                log.warning("certificate_unreadable", certificate=name, error=repr(error))
                continue
            metrics.CERTIFICATES.labels(name).set(end)
        await asyncio.sleep(CERTIFICATES_EVERY_SECONDS)


def certificates(settings: "ServiceSettings") -> Iterator[tuple[str, Path]]:
    """What each configured certificate is for, and its file."""
    for name in ("kafka_ca", "kafka_cert"):
        path = getattr(settings, f"{name}_file", None)
        if path is not None:
            yield name, path
    asked = parse_qs(urlsplit(str(settings.database_url)).query)
    for parameter, name in _OF_POSTGRES.items():
        for value in asked.get(parameter, ()):
            if value != "system":  # the authorities of the machine
                yield name, Path(value)


def first_end(path: Path) -> float:
    """When the first of a file's certificates ends, in seconds of Unix.

    Raises ValueError when there is none in it.
    """
    found = x509.load_pem_x509_certificates(path.read_bytes())
    return min(each.not_valid_after_utc for each in found).timestamp()
