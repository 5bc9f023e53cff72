"""Topics, users and rights of a city as resources of Strimzi, which makes a cluster be like them.

The same tables as everywhere: shared/contracts/topics.py and rights_table.py. A name of Kubernetes
has small letters only: the user of BH-CGJ is `bureau.bh-cgj`, its topics and consumer groups keep
their names.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, Final

from deploy.local.errors import StackError
from deploy.local.kafka_requests import Acl
from deploy.local.rights_table import GROUP, PREFIXED, READ, TOPIC, WRITE, wanted
from shared.contracts.topics import TopicSpec, all_topics

API: Final = "kafka.strimzi.io/v1"
CLUSTER: Final = "shaodao"
LABELS: Final = {"strimzi.io/cluster": CLUSTER, "app.kubernetes.io/part-of": "shaodao"}
# A department that may write could fill a disk: at most so much a second, on each broker.
QUOTAS: Final = {
    "producerByteRate": 1_048_576,
    "consumerByteRate": 10_485_760,
    "requestPercentage": 50,
}
_KINDS: Final = {TOPIC: "topic", GROUP: "group"}
_OPERATIONS: Final = {READ: "Read", WRITE: "Write"}
Manifest = dict[str, Any]


def topics_of(units: Iterable[str]) -> list[Manifest]:
    """A KafkaTopic for each topic; how many copies is the cluster's to say."""
    return [_topic(spec) for spec in all_topics(units)]


def users_of(units: Iterable[str], *, city: bool = False) -> list[Manifest]:
    """A KafkaUser for each service and unit, with exactly its rights.

    StackError where two units differ in the case of their letters only.
    """
    codes = list(units)
    if len({code.lower() for code in codes}) < len(codes):
        raise StackError(
            "有单位代码仅大小写不同，无法成为 Kubernetes 的名称。",
            "codes of units differ in case alone, and cannot be names of Kubernetes",
        )
    ought = wanted(codes, city=city)
    rights: dict[str, list[Acl]] = defaultdict(list)
    for acl in ought.rights:
        rights[acl.principal.removeprefix("User:")].append(acl)
    return [_user(name, rights[name]) for name in sorted(ought.users)]


def user_name(user: str) -> str:
    """What a user is called on a cluster of Strimzi."""
    return user.lower()


def text(manifests: Iterable[Manifest], *, about: str) -> str:
    """The manifests as one file, a line for each part."""
    return "".join((f"# {about}\n", *(line for each in manifests for line in _lines(each))))


def _lines(manifest: Manifest) -> Iterator[str]:
    yield "---\n"
    for key, value in manifest.items():
        yield f"{key}: {value if isinstance(value, str) else json.dumps(value)}\n"


def _topic(spec: TopicSpec) -> Manifest:
    return {
        "apiVersion": API,
        "kind": "KafkaTopic",
        "metadata": {"name": spec.name.lower(), "labels": LABELS},
        "spec": {
            "topicName": spec.name,
            "partitions": spec.partitions,
            "config": {
                "retention.ms": spec.retention_ms,
                "cleanup.policy": spec.cleanup_policy,
                "message.timestamp.type": spec.timestamp_type,
            },
        },
    }


def _user(name: str, rights: Iterable[Acl]) -> Manifest:
    acls = sorted((_acl(each) for each in rights), key=json.dumps)
    spec: Manifest = {
        "authentication": {"type": "scram-sha-512"},
        "authorization": {"type": "simple", "acls": acls},
    }
    if name.startswith("bureau."):
        spec["quotas"] = QUOTAS
    return {
        "apiVersion": API,
        "kind": "KafkaUser",
        "metadata": {"name": user_name(name), "labels": LABELS},
        "spec": spec,
    }


def _acl(acl: Acl) -> Manifest:
    pattern = {"patternType": "prefix"} if acl.pattern == PREFIXED else {}
    return {
        "resource": {"type": _KINDS[acl.kind], "name": acl.name, **pattern},
        "operations": [_OPERATIONS[acl.operation]],
    }
