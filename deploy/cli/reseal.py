"""`shaodao reseal`: seals what an old vault key had sealed under the new one, a batch at a time.

The environment is that of the service: its database, `SHAODAO_VAULT_KEY` with the new key and
`SHAODAO_VAULT_OLD_KEYS` with those before, or the files that `…_FILE` names. It can be broken off
and run again, and run beside the service; the old key may go when nothing is left under it.
"""

import asyncio
from collections.abc import Mapping
from types import ModuleType
from typing import Annotated, Final

import asyncpg
import typer

from deploy.cli.output import out
from deploy.local.data_folder import SERVICES
from deploy.local.errors import StackError
from services.intake.store import seals as of_intake
from services.intake.store.vault import Vault
from services.notifier.store import seals as of_notifier
from services.router.store import seals as of_router
from shared.runtime.settings import VaultSettings
from shared.sealing import Seals, VaultError

BATCH: Final = 200
SEALED: Final[Mapping[str, ModuleType]] = {
    "intake": of_intake,
    "router": of_router,
    "notifier": of_notifier,
}


def reseal(
    service: Annotated[str, typer.Option("--service", help="intake、router、notifier")],
    dry: Annotated[
        bool, typer.Option("--dry-run", help="只数还剩多少，不改动 / only count what is left")
    ] = False,
) -> None:
    """用新密钥重新封存旧密钥封存的数据；可中断、可重跑 / exit code 1 while something is left."""
    if service not in SERVICES:
        raise StackError(f"没有服务 {service}。", f"no service {service}: {', '.join(SERVICES)}")
    settings = VaultSettings()
    if settings.database_url is None or settings.vault_key is None:
        raise StackError(
            "请设置该服务的 SHAODAO_DATABASE_URL 与 SHAODAO_VAULT_KEY（或 …_FILE）。",
            "set SHAODAO_DATABASE_URL and SHAODAO_VAULT_KEY of the service, or the …_FILE ones",
        )
    kind = Vault if service == "intake" else Seals
    try:
        seals = kind(settings.vault_keys())
        done, left = asyncio.run(_reseal(service, str(settings.database_url), seals, dry=dry))
    except VaultError as error:
        raise StackError(
            f"有数据是用未提供的密钥封存的，或密钥写错：{error}",
            f"something is sealed under a key that was not given: {error}",
        ) from None
    out.print(
        f"{service}：重新封存 {done} 条，旧密钥下还剩 {left} 条 / resealed, left under old keys",
        markup=False,
        soft_wrap=True,
    )
    if left:
        raise typer.Exit(1)


async def _reseal(service: str, dsn: str, seals: Seals, *, dry: bool) -> tuple[int, int]:
    """How many rows were sealed anew, and how many are left, some of them held by others."""
    store, done = SEALED[service], 0
    connection = await asyncpg.connect(dsn)
    try:
        while not dry:
            async with connection.transaction():
                count = await store.reseal(connection, seals=seals, limit=BATCH)
            if not count:
                break
            done += count
        return done, await store.left(connection, seals=seals)
    finally:
        await connection.close()
