"""`shaodao reseal`: what an old key had sealed is under the new one, whatever came between."""

import asyncio
import base64
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from deploy.cli.main import cli
from services.intake.app import MIGRATIONS as INTAKE
from services.intake.domain.person import Person
from services.intake.store import seals as of_intake
from services.intake.store.vault import Vault, keep_persons, person_of
from services.notifier.app import MIGRATIONS as NOTIFIER
from services.router.app import MIGRATIONS as ROUTER
from services.router.app import city_of_files
from services.router.domain.department import Stream, Webhook
from services.router.seed import seed
from services.router.store import webhooks
from shared.contracts.ids import new_id
from shared.sealing import Sealed, Seals

AT = datetime(2026, 9, 14, 1, 0, tzinfo=UTC)
PHONE = "13900001111"


def new_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


OLD, NEW = new_key(), new_key()


async def reseal(service: str, *words: str) -> Result:
    return await asyncio.to_thread(
        CliRunner().invoke, cli, ["reseal", "--service", service, *words]
    )


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Gives the command a database and keys, in files."""

    def give(dsn: str, *, key: str = NEW, old: str = OLD) -> None:
        for name, value in {"DATABASE_URL": dsn, "VAULT_KEY": key, "VAULT_OLD_KEYS": old}.items():
            (tmp_path / name).write_text(value)
            monkeypatch.setenv(f"SHAODAO_{name}_FILE", str(tmp_path / name))

    return give


async def test_persons_are_sealed_anew_in_batches_and_found_by_phone(database, environment):
    dsn = await database(INTAKE)
    connection = await asyncpg.connect(dsn)
    before, after = Vault([OLD]), Vault([NEW, OLD])
    ids = [new_id(AT + timedelta(seconds=n)) for n in range(450)]
    person = Person(name="赵小明", phone=PHONE)
    await keep_persons(connection, [(each, person) for each in ids], vault=before, at=AT)
    environment(dsn)
    counted = await reseal("intake", "--dry-run")
    assert (counted.exit_code, "还剩 450 条" in counted.output) == (1, True), counted.output
    async with connection.transaction():  # broken off after one batch, and run again
        assert await of_intake.reseal(connection, seals=after, limit=200) == 200
    done = await reseal("intake")
    assert (done.exit_code, "重新封存 250 条" in done.output) == (0, True), done.output
    assert (await reseal("intake")).exit_code == 0  # a second time does nothing
    alone = Vault([NEW])
    for each in (ids[0], ids[-1]):
        assert await person_of(connection, each, vault=alone) == person
    by_phone = "select count(*) from vault where phone_index = $1"
    assert await connection.fetchval(by_phone, alone.phone_index(PHONE)) == 450
    await connection.close()


async def test_what_another_holds_is_left_and_told(database, environment):
    dsn = await database(INTAKE)
    one, other = [await asyncpg.connect(dsn) for _ in range(2)]
    ids = [new_id(AT), new_id(AT + timedelta(seconds=1))]
    await keep_persons(
        one, [(each, Person(phone=PHONE)) for each in ids], vault=Vault([OLD]), at=AT
    )
    environment(dsn)
    async with other.transaction():
        await other.execute("select from vault where ticket_id = $1 for update", ids[0])
        partly = await reseal("intake")
        assert (partly.exit_code, "还剩 1 条" in partly.output) == (1, True), partly.output
    assert (await reseal("intake")).exit_code == 0
    await one.close()
    await other.close()


async def test_a_key_that_is_missing_is_told_and_nothing_changes(database, environment):
    dsn = await database(INTAKE)
    connection = await asyncpg.connect(dsn)
    ticket_id = new_id(AT)
    person = Person(phone=PHONE)
    await keep_persons(connection, [(ticket_id, person)], vault=Vault([OLD]), at=AT)
    environment(dsn, old="")
    refused = await reseal("intake")
    assert refused.exit_code == 1
    assert "未提供的密钥" in str(getattr(refused.exception, "zh", ""))
    assert await person_of(connection, ticket_id, vault=Vault([OLD])) == person
    await connection.close()


async def test_signing_secrets_of_departments_are_sealed_anew(database, environment):
    dsn = await database(ROUTER)
    connection = await asyncpg.connect(dsn)
    city = city_of_files()
    hook = Webhook(
        unit="C-CGJ",
        url="https://cg.example/hook",
        streams=(Stream.WHISTLES,),
        disabled_at=None,
        disabled_why=None,
        changed_at=AT,
        changed_by="ops",
    )
    async with connection.transaction():
        await seed(connection, city.catalogue, policy=city.version, now=AT)
        await webhooks.put(connection, hook, secret="s1", seals=Seals([OLD]))
        until = AT + timedelta(days=1)
        await webhooks.keep_former(connection, "C-CGJ", "s0", until=until, seals=Seals([OLD]))
    environment(dsn)
    assert (await reseal("router")).exit_code == 0
    found = await webhooks.endpoint_of(connection, "C-CGJ", seals=Seals([NEW]), wall=AT)
    assert found is not None
    assert found[1] == ("s1", "s0")
    await connection.close()


async def test_addresses_of_people_on_duty_are_sealed_anew(database, environment):
    dsn = await database(NOTIFIER)
    connection = await asyncpg.connect(dsn)
    person_id = new_id(AT)
    sealed = Seals([OLD]).seal(person_id, b'{"phone":"13900001111"}')
    await connection.execute(
        "insert into duty_person"
        " (person_id, name, unit, channels, key_id, sealed, seq, history_hash)"
        " values ($1, '王', 'C-CGJ', '{sms}', $2, $3, 1, '')",
        person_id,
        sealed.key_id,
        sealed.data,
    )
    environment(dsn)
    assert (await reseal("notifier")).exit_code == 0
    row = await connection.fetchrow("select key_id, sealed from duty_person")
    opened = Seals([NEW]).open(person_id, Sealed(key_id=row["key_id"], data=row["sealed"]))
    assert PHONE in opened.decode()
    await connection.close()
