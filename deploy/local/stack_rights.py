"""Who the processes of one stack are on Kafka, and what a department is told of its rights.

The services' passwords are made anew at every start and stand nowhere but in their environment and,
salted, in the broker; those of departments are shown once, to whoever asks for them.
"""

from dataclasses import dataclass
from typing import Any

from deploy.local.admin import Broker, as_user, client_at
from deploy.local.errors import StackError
from deploy.local.kafka_requests import scram_users
from deploy.local.plan import Options
from deploy.local.platform import Platform
from deploy.local.rights import apply_rights
from deploy.local.rights_table import (
    CANARY_USER,
    CITY,
    READ,
    SERVICES,
    TOPIC,
    WRITE,
    user_of,
    wanted,
)
from deploy.local.scram import new_password
from shared.catalogue.load import load_catalogue
from shared.runtime.settings import KafkaAccess


async def make_users(options: Options, broker: KafkaAccess) -> dict[str, KafkaAccess]:
    """Give every process of the stack its user and rights; returns how each signs in.

    Departments that have rights already keep them, and no other gets any: which units there are is
    the router's to say once it runs. A broker that knows none gets those of the catalogue.
    """
    if not broker.has_sasl:
        raise StackError(
            "--secure 需要能验明身份的 Kafka：请设置 SHAODAO_KAFKA_SECURITY_PROTOCOL 等变量。",
            "--secure needs a Kafka that asks who is there: set SHAODAO_KAFKA_SECURITY_PROTOCOL "
            "and the like",
        )
    names = (*SERVICES, CITY) if options.city else SERVICES
    if options.canary:
        names = (*names, CANARY_USER)
    passwords = {name: new_password() for name in names}
    units = await known_units(broker, options.topic_prefix) or set(load_catalogue().units)
    await apply_rights(broker, units, options.topic_prefix, passwords=passwords, city=options.city)
    return {
        name: as_user(broker, f"{options.topic_prefix}{name}", password)
        for name, password in passwords.items()
    }


async def known_units(broker: Broker, prefix: str) -> set[str]:
    """The units that have a user on the broker."""
    before = user_of("", prefix)
    async with client_at(broker) as client:
        known = {user.name for user in await scram_users(client)}
    return {name.removeprefix(before) for name in known if name.startswith(before)}


def shown(options: Options, broker: KafkaAccess) -> dict[str, Any] | None:
    """What a client needs to know, without passwords; None when Kafka asks for nothing."""
    if not broker.has_sasl and not broker.has_tls:
        return None
    names = (*SERVICES, CITY) if options.city else SERVICES
    return {
        "protocol": broker.kafka_security_protocol,
        "mechanism": broker.kafka_sasl_mechanism if broker.has_sasl else None,
        "ca_file": None if broker.kafka_ca_file is None else str(broker.kafka_ca_file),
        "rights": options.secure,
        "admin": broker.kafka_sasl_username,
        "users": [f"{options.topic_prefix}{name}" for name in names] if options.secure else [],
        "unit_user": user_of("<code>", options.topic_prefix) if options.secure else None,
        "city": options.city,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A user and what it may do, as a department's system is told."""

    user: str
    reads: list[str]
    writes: list[str]


def department_of(platform: Platform, unit: str) -> Holder:
    """A unit's user; StackError where everybody may do everything."""
    return _holder(platform, user_of(unit, platform.prefix), [unit])


def service_of(platform: Platform, service: str) -> Holder:
    """A service's user on a cluster; the services of a stack here get theirs when it starts."""
    if service not in SERVICES:
        names = "、".join(SERVICES)
        raise StackError(f"没有服务 {service}：{names}", f"no service {service}: {names}")
    if not platform.is_cluster:
        raise StackError(
            "本机这套的服务每次启动都换新密码：重新 shaodao up 即可。",
            "the services of a stack here get new passwords at every start: run it again",
        )
    return _holder(platform, f"{platform.prefix}{service}", [])


def _holder(platform: Platform, user: str, units: list[str]) -> Holder:
    if not platform.has_rights:
        raise StackError(
            "这套 Kafka 没有启用权限控制，谁都不需要密码；用 shaodao up --secure 启用。",
            "this Kafka lets everybody in without a password; `shaodao up --secure` changes that",
        )
    rights = sorted(wanted(units, platform.prefix).of(user), key=lambda acl: acl.name)
    return Holder(
        user=user,
        reads=[acl.name for acl in rights if (acl.kind, acl.operation) == (TOPIC, READ)],
        writes=[acl.name for acl in rights if (acl.kind, acl.operation) == (TOPIC, WRITE)],
    )


def older_folder() -> StackError:
    """A folder whose broker was formatted without users cannot be secured."""
    return StackError(
        "这个数据目录的 Kafka 建立时还没有用户，不能启用 --secure；请加 --fresh，或另选 --data。",
        "this folder's Kafka was made before it had users; use --fresh or another --data",
    )
