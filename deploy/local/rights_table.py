"""Which users and rights a broker ought to have, from the topics table and the units alone.

A department reads its own whistles and notices, writes its own reports, has consumer groups of its
own, and nothing else (DESIGN §1); a service writes what it produces and reads what it consumes.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from deploy.local.kafka_requests import SCRAM_SHA_512, Acl, ScramUser
from shared.contracts.topics import (
    CITY_TOPICS,
    TOPICS,
    UNIT_NOTICES,
    UNIT_REPORTS,
    UNIT_WHISTLES,
    WHISTLES,
    Topic,
    unit_topic,
)

TOPIC, GROUP = 2, 3
LITERAL, PREFIXED = 3, 4
READ, WRITE = 3, 4  # either implies that one may see the topic or group
ALLOW = 3
ANY_HOST = "*"
DEPARTMENT = "the department"  # as the topics table calls it
CITY = "city"  # the simulated one, which plays every department
CITY_GROUP = "bureau.city"
CANARY_USER = "bureau.TC"  # the canary, a department like any other
# Read by a service for those who ask it over HTTP: the pages' live view, a department's own feed.
READ_BESIDES: Mapping[str, tuple[Topic, ...]] = {"router": (WHISTLES, UNIT_WHISTLES, UNIT_NOTICES)}
_CODE = re.compile("[A-Za-z0-9-]+")  # with a dot, bureau.A. would begin the groups of A.B
SERVICES = tuple(sorted({topic.producer for topic in TOPICS} - {DEPARTMENT}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What was, or would be, changed on the broker."""

    made: tuple[str, ...] = ()  # users
    dropped: tuple[ScramUser, ...] = ()
    granted: tuple[Acl, ...] = ()
    revoked: tuple[Acl, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.made or self.dropped or self.granted or self.revoked)

    def lines(self) -> Iterator[str]:
        """One a user or right, as a diff."""
        yield from (f"- user {user.name}" for user in self.dropped)
        yield from (f"- {words(acl)}" for acl in self.revoked)
        yield from (f"+ user {name}" for name in self.made)
        yield from (f"+ {words(acl)}" for acl in self.granted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The users and rights that ought to be there."""

    prefix: str
    users: frozenset[str]
    rights: frozenset[Acl]

    def is_ours(self, user: str) -> bool:
        """Whether a user is one that these rights are about, now or before."""
        names = {f"{self.prefix}{name}" for name in (*SERVICES, CITY)}
        return user in names or user.startswith(f"{self.prefix}bureau.")

    def of(self, user: str) -> frozenset[Acl]:
        """What one user may do."""
        return frozenset(acl for acl in self.rights if acl.principal == f"User:{user}")


def user_of(unit: str, prefix: str = "") -> str:
    """A department's user; its topics and groups begin with this name."""
    return f"{prefix}bureau.{unit}"


def wanted(
    units: Iterable[str], prefix: str = "", *, kept: Iterable[str] = (), city: bool = False
) -> Wanted:
    """For a city with these units; `kept` are those that left, whose topics are still there.

    ValueError for a code that would reach into another's names.
    """
    present = sorted(set(units))
    if strange := [unit for unit in present if not _CODE.fullmatch(unit)]:
        raise ValueError(f"codes have letters, digits and -, not {', '.join(strange)}")
    rights = {acl for unit in present for acl in _of_department(unit, prefix)}
    with_topics = sorted({*present, *kept})
    for service in SERVICES:
        rights |= set(_of_service(service, with_topics, prefix))
    users = {user_of(unit, prefix) for unit in present} | {f"{prefix}{name}" for name in SERVICES}
    if city:
        rights |= set(_of_city(present, prefix))
        users.add(f"{prefix}{CITY}")
    return Wanted(prefix=prefix, users=frozenset(users), rights=frozenset(rights))


def compared(ought: Wanted, users: Iterable[ScramUser], found: Iterable[Acl]) -> Changes:
    """What is to be changed, given what the broker has."""
    known = {user for user in users if ought.is_ours(user.name)}
    able = {user.name for user in known if user.mechanism == SCRAM_SHA_512}
    ours = {acl for acl in found if ought.is_ours(acl.principal.removeprefix("User:"))}
    return Changes(
        made=tuple(sorted(ought.users - able)),
        dropped=tuple(sorted(user for user in known if user.name not in ought.users)),
        granted=tuple(sorted(ought.rights - ours, key=_order)),
        revoked=tuple(sorted(ours - ought.rights, key=_order)),
    )


def touches(acl: Acl, name: str) -> bool:
    if acl.name == "*":
        return True
    return acl.name.startswith(name) or (acl.pattern == PREFIXED and name.startswith(acl.name))


def _of_department(unit: str, prefix: str) -> Iterator[Acl]:
    user = user_of(unit, prefix)
    for topic in TOPICS:
        name = f"{prefix}{unit_topic(topic, unit)}"
        if topic.producer == DEPARTMENT:
            yield _right(user, TOPIC, name, WRITE)
        if DEPARTMENT in topic.consumers:
            yield _right(user, TOPIC, name, READ)
    yield _right(user, GROUP, f"{user}.", READ, PREFIXED)


def _of_service(service: str, units: Iterable[str], prefix: str) -> Iterator[Acl]:
    user, units = f"{prefix}{service}", tuple(units)
    read = {topic for topic in TOPICS if service in topic.consumers}
    for topic in read.union(READ_BESIDES.get(service, ())):
        yield from (_right(user, TOPIC, name, READ) for name in _names(topic, units, prefix))
    for topic in TOPICS:
        if topic.producer == service:
            yield from (_right(user, TOPIC, name, WRITE) for name in _names(topic, units, prefix))
    yield _right(user, GROUP, user, READ)
    yield _right(user, GROUP, f"{user}.", READ, PREFIXED)


def _of_city(units: Iterable[str], prefix: str) -> Iterator[Acl]:
    user, units = f"{prefix}{CITY}", tuple(units)
    yield from (_right(user, TOPIC, n, READ) for n in _names(UNIT_WHISTLES, units, prefix))
    yield from (_right(user, TOPIC, n, WRITE) for n in _names(UNIT_REPORTS, units, prefix))
    yield _right(user, GROUP, f"{prefix}{CITY_GROUP}", READ)


def _names(topic: Topic, units: Iterable[str], prefix: str) -> list[str]:
    if topic in CITY_TOPICS:
        return [f"{prefix}{topic.name}"]
    return [f"{prefix}{unit_topic(topic, unit)}" for unit in units]


def _right(user: str, kind: int, name: str, operation: int, pattern: int = LITERAL) -> Acl:
    return Acl(kind, name, pattern, f"User:{user}", ANY_HOST, operation, ALLOW)


_KINDS = {TOPIC: "topic", GROUP: "group", 4: "cluster", 5: "transactional id", 6: "token"}
_OPERATIONS = (
    *("?", "any", "all", "read", "write", "create", "delete", "alter", "describe"),
    *("cluster action", "describe configs", "alter configs", "idempotent write"),
)


def words(acl: Acl) -> str:
    """One right in words: `bureau.BH-CGJ read topic bureau.BH-CGJ.whistles`."""
    denied = "" if acl.permission == ALLOW else "denied "
    rest = "*" if acl.pattern == PREFIXED else ""
    host = "" if acl.host == ANY_HOST else f" from {acl.host}"
    known = acl.operation < len(_OPERATIONS)
    doing = _OPERATIONS[acl.operation] if known else str(acl.operation)
    kind = _KINDS.get(acl.kind, str(acl.kind))
    return f"{acl.principal.removeprefix('User:')} {denied}{doing} {kind} {acl.name}{rest}{host}"


def _order(acl: Acl) -> tuple[str, int, str, int]:
    return acl.principal, acl.kind, acl.name, acl.operation
