"""Kafka's requests about users and rights, which aiokafka's admin client does not offer.

Rights use aiokafka's own structures; those of SCRAM users are written from Kafka's protocol
(KIP-554: AlterUserScramCredentials 51, DescribeUserScramCredentials 50). Any broker takes them all.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import IncompatibleBrokerVersion, SecurityDisabled, for_code
from aiokafka.protocol.admin import (
    CreateAclsRequest_v1,
    DeleteAclsRequest_v1,
    DescribeAclsRequest_v1,
)
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    CompactArray,
    CompactBytes,
    CompactString,
    Int8,
    Int16,
    Int32,
    Schema,
    TaggedFields,
)

from deploy.local.errors import StackError
from deploy.local.scram import Salted

AT_ONCE = 1000  # of 10,000 that a controller takes in one request
ANY = 1  # as a filter's kind, pattern, operation or permission
NO_TAGS: dict[int, bytes] = {}
TEXT = CompactString("utf-8")

Row: TypeAlias = tuple[Any, ...]


class ScramUser(NamedTuple):
    """Who can sign in, and how: by SCRAM-SHA-256 (1) or SCRAM-SHA-512 (2)."""

    name: str
    mechanism: int


SCRAM_SHA_512 = 2


class Acl(NamedTuple):
    """One line of what a principal may do, or may not, in Kafka's own numbers."""

    kind: int
    name: str
    pattern: int
    principal: str
    host: str
    operation: int
    permission: int


class NoRightsError(StackError):
    """The broker has no authorizer: everybody may do everything there."""

    code = "no_rights"


class _AlterScramResponse(Response):  # type: ignore[misc]
    API_KEY = 51
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "results",
            CompactArray(
                ("user", TEXT),
                ("error_code", Int16),
                ("error_message", TEXT),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _AlterScram(RequestStruct):  # type: ignore[misc]
    FLEXIBLE_VERSION = True
    API_KEY = 51
    API_VERSION = 0
    RESPONSE_TYPE = _AlterScramResponse
    SCHEMA = Schema(
        (
            "deletions",
            CompactArray(("name", TEXT), ("mechanism", Int8), ("tags", TaggedFields)),
        ),
        (
            "upsertions",
            CompactArray(
                ("name", TEXT),
                ("mechanism", Int8),
                ("iterations", Int32),
                ("salt", CompactBytes),
                ("salted_password", CompactBytes),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _DescribeScramResponse(Response):  # type: ignore[misc]
    API_KEY = 50
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("error_code", Int16),
        ("error_message", TEXT),
        (
            "results",
            CompactArray(
                ("user", TEXT),
                ("error_code", Int16),
                ("error_message", TEXT),
                (
                    "credentials",
                    CompactArray(
                        ("mechanism", Int8), ("iterations", Int32), ("tags", TaggedFields)
                    ),
                ),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _DescribeScram(RequestStruct):  # type: ignore[misc]
    FLEXIBLE_VERSION = True
    API_KEY = 50
    API_VERSION = 0
    RESPONSE_TYPE = _DescribeScramResponse
    SCHEMA = Schema(
        ("users", CompactArray(("name", TEXT), ("tags", TaggedFields))), ("tags", TaggedFields)
    )


class _Only(Request[RequestStruct]):  # type: ignore[misc]
    """A request of which we speak one version."""

    API_KEY = -1  # the structure's own counts

    def __init__(self, structure: RequestStruct) -> None:
        self._structure = structure

    def build(self, request_struct_class: type[RequestStruct]) -> RequestStruct:
        return self._structure

    def prepare(self, versions: dict[int, tuple[int, int]]) -> RequestStruct:
        least, most = versions.get(self._structure.API_KEY, (0, -1))
        if not least <= self._structure.API_VERSION <= most:
            raise IncompatibleBrokerVersion(type(self._structure).__name__)
        return self._structure


async def scram_users(client: AIOKafkaClient) -> set[ScramUser]:
    """All who can sign in with SCRAM, and by which mechanism."""
    answer = await ask(client, _DescribeScram(None, NO_TAGS))
    _check(answer.error_code, answer.error_message)
    return {
        ScramUser(name, mechanism)
        for name, error, _, credentials, _ in answer.results
        if not error
        for mechanism, *_ in credentials
    }


async def alter_scram_users(
    client: AIOKafkaClient, *, put: Mapping[str, Salted], drop: Iterable[ScramUser] = ()
) -> None:
    """Make users or change their passwords, and remove others."""
    gone = [(*user, NO_TAGS) for user in sorted(drop)]
    made = [
        (name, SCRAM_SHA_512, one.iterations, one.salt, one.key, NO_TAGS)
        for name, one in sorted(put.items())
    ]
    for deletions, upsertions in (
        *((part, []) for part in _parts(gone)),
        *(([], part) for part in _parts(made)),
    ):
        answer = await ask(client, _AlterScram(deletions, upsertions, NO_TAGS))
        for user, error, message, _ in answer.results:
            _check(error, message, user)


async def acls(client: AIOKafkaClient) -> list[Acl]:
    """Everything the broker allows or denies anybody."""
    answer = await ask(client, DescribeAclsRequest_v1(ANY, None, ANY, None, None, ANY, ANY))
    _check(answer.error_code, answer.error_message)
    return [
        Acl(kind, name, pattern, *entry)
        for kind, name, pattern, entries in answer.resources
        for entry in entries
    ]


async def create_acls(client: AIOKafkaClient, wanted: Sequence[Acl]) -> None:
    for part in _parts(wanted):
        answer = await ask(client, CreateAclsRequest_v1(part))
        for error, message in answer.creation_responses:
            _check(error, message)


async def delete_acls(client: AIOKafkaClient, unwanted: Sequence[Acl]) -> None:
    for part in _parts(unwanted):
        answer = await ask(client, DeleteAclsRequest_v1(part))
        for error, message, _ in answer.filter_responses:
            _check(error, message)


async def ask(client: AIOKafkaClient, structure: RequestStruct) -> Any:
    """One request to any broker; returns its answer, which may be a refusal."""
    return await client.send(client.get_random_node(), _Only(structure))


def _parts(rows: Sequence[Row]) -> list[list[Row]]:
    return [list(rows[at : at + AT_ONCE]) for at in range(0, len(rows), AT_ONCE)]


def _check(code: int, message: str | None, about: str = "") -> None:
    """StackError in words when the broker refused."""
    if code == SecurityDisabled.errno:
        raise NoRightsError(
            "这套 Kafka 没有启用权限控制：请为 broker 配置 authorizer，或用 shaodao up --secure。",
            "this Kafka has no authorizer: configure one, or use `shaodao up --secure`",
        )
    if code:
        said = f"{about} {for_code(code).__name__}: {message or ''}".strip()
        raise StackError(
            f"Kafka 拒绝设置用户或权限：{said}", f"Kafka refused users or rights: {said}"
        )
