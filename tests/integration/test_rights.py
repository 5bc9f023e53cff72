"""Who may do what on a secured Kafka: a department its own and nothing else, a service its share.

The whole stack with `--secure`, on a broker of its own: the run's shared one lets everybody in.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import TopicAuthorizationFailedError
from typer.testing import CliRunner

from deploy.cli.main import cli
from deploy.local.admin import as_user, client_arguments
from deploy.local.broker_users import signed_in
from deploy.local.data_folder import DataFolder
from deploy.local.errors import StackError
from deploy.local.kafka_requests import Acl, acls, alter_scram_users, create_acls, delete_acls
from deploy.local.plan import Options, kafka_env, service_url
from deploy.local.platform import broker_of, cluster_platform, stack_platform
from deploy.local.ports import Ports, free_base
from deploy.local.report import Silent
from deploy.local.rights import apply_rights, new_credentials, signs_in, strangers
from deploy.local.rights_check import rights_findings
from deploy.local.rights_table import ALLOW, LITERAL, READ, TOPIC, WRITE, wanted
from deploy.local.scram import salt
from deploy.local.stack import Stack
from deploy.local.units import apply_units
from shared.catalogue.load import load_catalogue
from shared.contracts.topics import CITY_TOPICS
from shared.runtime.clock import Clock
from shared.runtime.settings import KafkaAccess
from shared.web.identity import issue_token
from tests.support.city import MONDAY, Bureau
from tests.support.intruder import (
    BATCH_REFUSED,
    GROUP_REFUSED,
    TOPIC_REFUSED,
    TRANSACTION_REFUSED,
    Intruder,
    intruder,
)
from tests.support.waiting import eventually

pytestmark = pytest.mark.xdist_group("rights")

OURS, OTHERS, THIRD = "C-SZZ", "BH-CGJ", "BH-SCJ"
TOPICS = ("whistles", "notices", "reports")


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """`shaodao up --secure --no-city`."""
    folder = DataFolder(tmp_path_factory.mktemp("secured") / "data")
    options = Options(
        folder=folder, ports=Ports(free_base()), city=False, secure=True, clock_start=MONDAY
    )
    with folder.hold():
        stack = Stack(options, Silent())
        await stack.start()
        yield stack
        await stack.stop()


@pytest.fixture(scope="module")
async def admin(stack: Stack) -> KafkaAccess:
    return broker_of(stack.folder)


@pytest.fixture(scope="module")
async def ours(admin: KafkaAccess) -> KafkaAccess:
    """The department's own credentials."""
    return await new_credentials(admin, f"bureau.{OURS}")


@pytest.fixture
async def department(ours: KafkaAccess) -> AsyncIterator[Intruder]:
    """The department's connection, and no client that would stop it from trying."""
    async with intruder(ours) as connection:
        yield connection


async def _shaodao(stack: Stack, *arguments: str) -> str:
    """What a command says on its standard output; it must succeed."""
    where = ["--data", str(stack.folder.path)]
    found = await asyncio.to_thread(CliRunner().invoke, cli, [*arguments, *where])
    assert found.exit_code == 0, found.output
    return found.stdout


@asynccontextmanager
async def _bureau(stack: Stack, access: KafkaAccess) -> AsyncIterator[Bureau]:
    security = client_arguments(access)
    kafka = security.pop("bootstrap_servers")
    bureau = Bureau(OURS, "", kafka, Clock(stack.folder.clock), security=security)
    await bureau.start()
    try:
        yield bureau
    finally:
        await bureau.stop()


async def test_a_ticket_becomes_a_whistle_that_a_department_answers_over_sasl(
    stack: Stack, ours: KafkaAccess
) -> None:
    secrets = stack.folder.secrets()
    token = issue_token(secrets.token_secret, role="operator")
    body = {
        "channel": "hotline",
        "description": "楼下的路灯已经三天不亮了，晚上走路看不见，请尽快来修。",
        "place": {"region": "159902001001"},
        "category": "0205",
        "reporter": {"name": "赵先生", "phone": "13900001111"},
    }
    async with (
        _bureau(stack, ours) as bureau,
        httpx.AsyncClient(
            base_url=service_url(stack.options.ports, "intake"),
            headers={"Authorization": f"Bearer {token}"},
            trust_env=False,
        ) as http,
    ):
        answer = await http.post("/api/v1/tickets", json=body)
        assert answer.status_code == 201, answer.text
        ticket_id = answer.json()["ticket_id"]
        whistle = await bureau.whistled(ticket_id)
        report_id = await bureau.report("acknowledged", whistle["whistle_id"])
        accepted = await bureau.accepted(report_id)
        assert accepted["state"] == "acknowledged"

        async def state() -> Any:
            return (await http.get(f"/api/v1/tickets/{ticket_id}")).json()["state"]

        # intake heard the router, and the router the department, each under its own name
        await eventually(state, until=lambda seen: seen == "processing")


async def test_a_department_reads_its_two_topics_and_writes_its_one(
    department: Intruder,
) -> None:
    read = {what: await department.reads(f"bureau.{OURS}.{what}") for what in TOPICS}
    assert read == {"whistles": 0, "notices": 0, "reports": TOPIC_REFUSED}
    written = {what: await department.writes(f"bureau.{OURS}.{what}") for what in TOPICS}
    assert written == {"whistles": TOPIC_REFUSED, "notices": TOPIC_REFUSED, "reports": 0}
    assert await department.topics() == {f"bureau.{OURS}.{what}" for what in TOPICS}


async def test_a_department_neither_reads_nor_writes_what_is_not_its_own(
    department: Intruder,
) -> None:
    foreign = [f"bureau.{OTHERS}.{what}" for what in TOPICS]
    foreign += [topic.name for topic in CITY_TOPICS]
    foreign += ["__consumer_offsets", f"bureau.{OURS}", f"bureau.{OURS}.whistles.more"]
    refused = dict.fromkeys(foreign, TOPIC_REFUSED)
    assert {name: await department.reads(name) for name in foreign} == refused
    assert {name: await department.writes(name) for name in foreign} == refused


async def test_a_department_has_the_groups_of_its_name_alone(department: Intruder) -> None:
    own = f"bureau.{OURS}.system"
    assert await department.joins(own) != GROUP_REFUSED
    assert await department.sees_offsets(own) != GROUP_REFUSED
    assert await department.moves_offset(own, f"bureau.{OTHERS}.whistles") == TOPIC_REFUSED
    for group in (f"bureau.{OTHERS}.system", f"bureau.{OURS}", f"bureau.{OURS}2.x", "router"):
        tried = (
            await department.joins(group),
            await department.sees_offsets(group),
            await department.moves_offset(group, f"bureau.{OURS}.whistles"),
            await department.drops_group(group),
        )
        assert set(tried) == {GROUP_REFUSED}, group


async def test_a_department_makes_no_topics_users_rights_or_transactions(
    department: Intruder,
) -> None:
    assert await department.makes_topic(f"bureau.{OURS}.mine") == TOPIC_REFUSED
    assert await department.begins_transaction(f"bureau.{OURS}.tx") == TRANSACTION_REFUSED
    more = Acl(TOPIC, "tickets", LITERAL, f"User:bureau.{OURS}", "*", READ, ALLOW)
    user = f"bureau.{OURS}"
    for attempt in (
        acls(department.client),
        create_acls(department.client, [more]),
        alter_scram_users(department.client, put={user: salt("a password of its choice")}),
    ):
        with pytest.raises(StackError, match="ClusterAuthorizationFailed"):
            await attempt


async def test_an_ordinary_client_is_told_that_it_may_not(ours: KafkaAccess) -> None:
    producer = AIOKafkaProducer(**client_arguments(ours))
    consumer = AIOKafkaConsumer(f"bureau.{OTHERS}.whistles", **client_arguments(ours))
    await producer.start()
    try:
        with pytest.raises(TopicAuthorizationFailedError):
            await producer.send_and_wait(f"bureau.{OTHERS}.reports", b"{}")
        with pytest.raises(TopicAuthorizationFailedError):
            await consumer.start()
    finally:
        await asyncio.gather(producer.stop(), consumer.stop())


async def test_nobody_comes_in_without_the_right_password(
    stack: Stack, admin: KafkaAccess, ours: KafkaAccess
) -> None:
    bootstrap = admin.kafka_bootstrap
    assert await signs_in(ours)
    assert not await signs_in(as_user(admin, f"bureau.{OURS}", "wrong"))
    assert not await signs_in(as_user(admin, "bureau.NO-ONE", "wrong"))
    assert not await signs_in(as_user(admin, f"bureau.{OTHERS}", "not made yet"))  # locked
    assert not await signs_in(KafkaAccess(kafka_bootstrap=bootstrap))
    controller = f"127.0.0.1:{stack.options.ports.controller}"
    assert not await signs_in(KafkaAccess(kafka_bootstrap=controller))
    assert not await signs_in(signed_in(controller, "admin", "wrong"))


async def test_a_new_password_ends_the_old_one(admin: KafkaAccess) -> None:
    user = f"bureau.{THIRD}"
    first = await new_credentials(admin, user)
    second = await new_credentials(admin, user)
    assert await signs_in(second)
    assert not await signs_in(first)
    with pytest.raises(StackError, match="knows no user"):
        await new_credentials(admin, "bureau.NO-ONE")


async def test_a_removed_unit_can_do_nothing_more_at_once(admin: KafkaAccess) -> None:
    units = set(load_catalogue().units)
    gone = sorted(units)[-1]
    access = await new_credentials(admin, f"bureau.{gone}")
    async with intruder(access) as connected:
        assert await connected.writes(f"bureau.{gone}.reports") == 0
        changes = await apply_rights(admin, units - {gone})
        assert {user.name for user in changes.dropped} == {f"bureau.{gone}"}
        assert len(changes.revoked) == 4
        assert await connected.writes(f"bureau.{gone}.reports") == TOPIC_REFUSED
        assert await connected.reads(f"bureau.{gone}.whistles") == TOPIC_REFUSED
        assert await connected.joins(f"bureau.{gone}.system") == GROUP_REFUSED
    assert not await signs_in(access)

    back = await apply_rights(admin, units)
    assert back.made == (f"bureau.{gone}",)
    assert not await signs_in(access)  # it gets new credentials, the old ones stay dead
    assert not await apply_rights(admin, units)


async def test_a_service_has_its_share_and_no_more(stack: Stack) -> None:
    assert stack.addresses is not None
    users = stack.addresses.users
    own, other = f"bureau.{OURS}.whistles", f"bureau.{OURS}.reports"
    notices = f"bureau.{OURS}.notices"
    names = [topic.name for topic in CITY_TOPICS] + [own, other, notices]
    may_read = {
        "intake": {"whistles", "deadlines", "units"},
        "notifier": {"tickets", "whistles", "ratings", "units"},
        "router": {"tickets", "deadlines", "whistles", own, other, notices},
    }
    may_write = {
        "intake": {"tickets", "ratings"},
        "notifier": {"deadlines", notices},
        "router": {"whistles", "units", own},
    }
    for service, access in users.items():
        async with intruder(access) as connection:
            read = {name for name in names if not await connection.reads(name)}
            assert read == may_read[service], service
            forbidden = set(names) - may_write[service]
            for name in forbidden:
                assert await connection.writes(name) == TOPIC_REFUSED, (service, name)
            foreign = {"intake": "router", "router": "notifier", "notifier": "intake"}[service]
            assert await connection.joins(foreign) == GROUP_REFUSED


async def test_each_user_may_do_to_each_topic_and_group_what_the_table_has_and_nothing_else(
    stack: Stack, admin: KafkaAccess, ours: KafkaAccess
) -> None:
    """Every topic and group of the table × every operation × two departments and each service."""
    assert stack.addresses is not None
    users = {
        f"bureau.{OURS}": ours,
        f"bureau.{OTHERS}": await new_credentials(admin, f"bureau.{OTHERS}"),
        **stack.addresses.users,
    }
    ought = wanted(load_catalogue().units)
    topics = [topic.name for topic in CITY_TOPICS]
    topics += [f"bureau.{unit}.{what}" for unit in (OURS, OTHERS, THIRD) for what in TOPICS]
    groups = [f"{user}.system" for user in users]
    for user, access in users.items():
        rights = ought.of(user)
        may = {(acl.operation, acl.name) for acl in rights if acl.kind == TOPIC}
        async with intruder(access) as tried:
            told = await tried.topics()
            for topic in topics:
                reads, writes = (READ, topic) in may, (WRITE, topic) in may
                found = {
                    "read": await tried.reads(topic),
                    "write": await tried.could_write(topic),
                    "told of": topic in told,
                    "delete": await tried.deletes_topic(topic),
                    "empty": await tried.empties(topic),
                    "partitions": await tried.adds_partitions(topic),
                    "settings": await tried.reads_settings(topic),
                    "other settings": await tried.changes_settings(topic),
                }
                assert found == {
                    **dict.fromkeys(found, TOPIC_REFUSED),
                    "read": 0 if reads else TOPIC_REFUSED,
                    "write": BATCH_REFUSED if writes else TOPIC_REFUSED,
                    "told of": reads or writes,
                }, (user, topic)
            for group in groups:
                is_own = group.startswith(f"{user}.")
                refused = await tried.joins(group), await tried.sees_offsets(group)
                assert (GROUP_REFUSED in refused) != is_own, (user, group, refused)


async def test_rights_given_by_hand_are_taken_away_and_foreign_ones_shown(
    stack: Stack, admin: KafkaAccess
) -> None:
    units = set(load_catalogue().units)
    assert [finding.ok for finding in await rights_findings(stack.folder)] == [True] * 3
    by_hand = Acl(TOPIC, "tickets", LITERAL, f"User:bureau.{OURS}", "*", READ, ALLOW)
    for_all = Acl(TOPIC, "*", LITERAL, "User:*", "*", WRITE, ALLOW)
    async with intruder(admin) as connection:
        await create_acls(connection.client, [by_hand, for_all])
        assert await eventually(lambda: strangers(admin)) == [for_all]
        assert (await apply_rights(admin, units, dry=True)).revoked == (by_hand,)
        found = {finding.en for finding in await rights_findings(stack.folder) if not finding.ok}
        assert found == {
            f"`shaodao topics apply` would change: - bureau.{OURS} read topic tickets",
            "other users may touch our topics: * write topic *",
        }
        assert (await apply_rights(admin, units)).revoked == (by_hand,)
        await delete_acls(connection.client, [for_all])
        await eventually(lambda: strangers(admin), until=lambda found: not found)
    with pytest.raises(StackError, match="no unit at all"):
        await apply_rights(admin, [])


async def test_the_commands_tell_what_a_client_needs_and_no_password_but_once(
    stack: Stack,
) -> None:
    plan = await _shaodao(stack, "topics", "apply", "--plan")
    assert plan.splitlines()[0].startswith("将新建 0 个主题")  # nothing before it to be done
    told = json.loads(await _shaodao(stack, "topics", "credentials", "--unit", "BH-NMJ", "--json"))
    assert told["username"] == "bureau.BH-NMJ"
    assert told["writes"] == ["bureau.BH-NMJ.reports"]
    assert told["reads"] == ["bureau.BH-NMJ.notices", "bureau.BH-NMJ.whistles"]
    found = json.loads(await _shaodao(stack, "status", "--json"))["kafka_security"]
    assert (found["protocol"], found["mechanism"]) == ("SASL_PLAINTEXT", "SCRAM-SHA-512")
    assert stack.addresses is not None
    passwords = {told["password"], *stack.folder.secrets().kafka_users.values()} | {
        access.kafka_sasl_password.get_secret_value() for access in stack.addresses.users.values()
    }
    assert len(passwords) == 6
    readable = [await _shaodao(stack, "status", "--json"), await _shaodao(stack, "topics", "list")]
    readable += [file.read_text() for file in _for_all_to_read(stack.folder.path)]
    for text in readable:
        assert not any(password in text for password in passwords)


async def test_a_cluster_is_served_as_a_stack_is(
    stack: Stack, admin: KafkaAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StackError, match="SHAODAO_ROUTER_URL"):
        cluster_platform({"SHAODAO_KAFKA_BOOTSTRAP": "kafka:9092"})
    for name, value in kafka_env(admin).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SHAODAO_ROUTER_URL", service_url(stack.options.ports, "router"))
    monkeypatch.setenv("SHAODAO_TOKEN_SECRET", stack.folder.secrets().token_secret)
    runner = CliRunner()

    async def said(*arguments: str) -> str:
        found = await asyncio.to_thread(runner.invoke, cli, [*arguments, "--cluster"])
        assert found.exit_code == 0, found.output
        return found.stdout

    assert (await said("topics", "apply", "--plan")).startswith("将新建 0 个主题")
    told = json.loads(await said("topics", "credentials", "--unit", THIRD, "--json"))
    assert await signs_in(as_user(admin, told["username"], told["password"]))
    told = json.loads(await said("topics", "credentials", "--service", "notifier", "--json"))
    assert told["username"] == "notifier"
    assert "deadlines" in told["writes"]
    refused = await asyncio.to_thread(
        runner.invoke,
        cli,
        ["topics", "credentials", "--service", "router", "--data", str(stack.folder.path)],
    )
    assert "new passwords at every start" in str(refused.exception)


async def test_a_unit_added_at_run_time_has_rights_before_it_is_reachable_and_loses_them(
    stack: Stack,
) -> None:
    platform = stack_platform(stack.folder)
    token = issue_token(platform.token_secret, role="ops")
    unit = {
        "code": "BH-TMP",
        "name": "滨河区重点项目专班",
        "level": "district",
        "kind": "bureau",
        "parent": "BH-GOV",
        "function_codes": ["CGJ"],
        "region": "159902",
    }
    async with httpx.AsyncClient(
        base_url=f"{platform.router_url}/api/v1",
        headers={"Authorization": f"Bearer {token}"},
        trust_env=False,
        timeout=30,
    ) as http:
        added = await http.post("/units", json=unit)
        assert added.status_code == 201, added.text
        applied = await apply_units(platform)
        assert applied.rights is not None
        assert applied.rights.made == ("bureau.BH-TMP",)
        assert applied.reached == ["BH-TMP"]
        access = await new_credentials(platform.broker, "bureau.BH-TMP")
        async with intruder(access) as department:
            assert await department.writes("bureau.BH-TMP.reports") == 0
            removed = await http.post("/units/BH-TMP/removal", json={"reason": "专班工作已完成"})
            assert removed.status_code == 200, removed.text
            await apply_units(platform)
            assert await department.writes("bureau.BH-TMP.reports") == TOPIC_REFUSED
        assert not await signs_in(access)
    assert not (await apply_units(platform, dry=True)).rights


def _for_all_to_read(folder: Path) -> list[Path]:
    """Text files that another user of the machine could read."""
    closed = {
        path for path in folder.iterdir() if path.is_dir() and not path.stat().st_mode & 0o077
    }
    assert folder / "kafka" in closed
    files = [
        file
        for file in folder.rglob("*")
        if file.suffix in {".log", ".json", ".properties", ".toml"}
        and not closed & set(file.parents)
        and file.stat().st_mode & 0o077
    ]
    assert {"router.log", "kafka.log"} <= {file.name for file in files}
    return files
