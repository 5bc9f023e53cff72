"""Makes the users and rights of services and departments on a broker, as rights_table.py has them.

What the broker has beyond that for users of ours is taken away; other users are none of our
business, but for what they may do to us (see `strangers`). A department's user is made locked:
nobody can be it before credentials are made for it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress

from aiokafka.errors import KafkaError

from deploy.local.admin import Broker, access_of, as_user, client_at
from deploy.local.errors import StackError
from deploy.local.kafka_requests import (
    Acl,
    acls,
    alter_scram_users,
    create_acls,
    delete_acls,
    scram_users,
)
from deploy.local.rights_table import ALLOW, GROUP, TOPIC, Changes, compared, touches, wanted
from deploy.local.scram import Salted, locked, new_password, salt
from deploy.local.topics import existing_topics
from shared.contracts.topics import CITY_TOPICS, unit_of
from shared.runtime.settings import KafkaAccess

APPLIED_SECONDS = 90.0


async def apply_rights(
    broker: Broker,
    units: Iterable[str],
    prefix: str = "",
    *,
    passwords: Mapping[str, str] | None = None,
    city: bool = False,
    dry: bool = False,
) -> Changes:
    """Make the broker's users and rights what they ought to be; returns what that changed.

    `passwords` are set for services, by name. With `dry` nothing is done. StackError when refused,
    NoRightsError when the broker has no authorizer.
    """
    units = set(units)
    if not units:
        raise StackError(
            "没有任何单位，不调整权限。", "no unit at all: nobody's rights are taken away"
        )
    left = {
        unit_of(name.removeprefix(prefix))
        for name in await existing_topics(broker, f"{prefix}bureau.")
    }
    ought = wanted(units, prefix, kept=left, city=city)
    given = {f"{prefix}{name}": salt(word) for name, word in (passwords or {}).items()}
    async with client_at(broker) as client:
        changes = compared(ought, await scram_users(client), await acls(client))
        if dry or not (changes or given):
            return changes
        await delete_acls(client, changes.revoked)
        made: dict[str, Salted] = {name: locked() for name in changes.made} | given
        await alter_scram_users(client, put=made, drop=changes.dropped)
        await create_acls(client, changes.granted)

        async def applied() -> bool:
            return not compared(ought, await scram_users(client), await acls(client))

        await _until(applied)
    return changes


async def new_credentials(broker: Broker, user: str, *, may_be_new: bool = False) -> KafkaAccess:
    """Give a user a new password, which is kept nowhere; the old one ends. Waits until it works.

    StackError for a user that the broker does not know, unless it `may_be_new`.
    """
    password = new_password()
    async with client_at(broker) as client:
        if not may_be_new and user not in {known.name for known in await scram_users(client)}:
            raise StackError(
                f"Kafka 上没有用户 {user}。请先执行 shaodao topics apply。",
                f"Kafka knows no user {user}; run `shaodao topics apply` first",
            )
        await alter_scram_users(client, put={user: salt(password)})
    access = as_user(access_of(broker), user, password)
    await _until(lambda: signs_in(access))
    return access


async def _until(applied: Callable[[], Awaitable[bool]]) -> None:
    """A controller answers before its brokers have heard of it, and nobody tells when they have."""
    try:
        async with asyncio.timeout(APPLIED_SECONDS):
            while not await applied():  # noqa: ASYNC110
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise StackError(
            f"{APPLIED_SECONDS:.0f} 秒内 Kafka 没有应用用户或权限的修改，请稍后再执行一次。",
            f"Kafka did not apply the change within {APPLIED_SECONDS:.0f} s; run it again",
        ) from None


async def signs_in(access: KafkaAccess) -> bool:
    """Whether the broker lets this user in now."""
    with suppress(KafkaError, OSError):
        async with client_at(access, timeout_ms=5000):
            return True
    return False


async def strangers(broker: Broker, prefix: str = "") -> list[Acl]:
    """What others than our own users are allowed to do to our topics and groups."""
    ought = wanted((), prefix)
    names = [f"{prefix}{topic.name}" for topic in CITY_TOPICS] + [f"{prefix}bureau."]
    async with client_at(broker) as client:
        found = await acls(client)
    return [
        acl
        for acl in found
        if acl.permission == ALLOW
        and not ought.is_ours(acl.principal.removeprefix("User:"))
        and (acl.kind not in {TOPIC, GROUP} or any(touches(acl, name) for name in names))
    ]
