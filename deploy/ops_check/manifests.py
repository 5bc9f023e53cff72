"""The manifests of one overlay held against each other, and against what operators and we make."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from deploy.local.data_folder import SERVICES, Secrets
from deploy.local.databases import owner_of
from deploy.local.deployment_secrets import KUBERNETES, role_secret, values
from deploy.ops_check.given import PREFIX, Process, read_by_any, reads
from deploy.ops_check.given import faults_of as ill_given

Manifest = Mapping[str, Any]
HASHED: Final = "shaodao-"  # what kustomize calls the ConfigMap of base: with a hash behind it
PODS: Final = ("Deployment", "Job")
CITYS_OWN: Final = frozenset({"shaodao-objects", "shaodao-tls"})  # made by hand; see the overlay


def label(manifest: Manifest) -> str:
    """How a manifest is called in a fault."""
    return f"{manifest['kind']} {manifest['metadata']['name']}"


def faults_of(manifests: Iterable[Manifest]) -> list[str]:
    """Everything that does not fit together, in words."""
    everything = list(manifests)
    return [
        fault
        for look in (_hardened, _long_lived, _secrets, _given, _selected, _aimed, _databases)
        for fault in look(everything)
    ]


def of_kind(manifests: Iterable[Manifest], *kinds: str) -> Iterator[Manifest]:
    return (each for each in manifests if each["kind"] in kinds)


def _pod(workload: Manifest) -> Manifest:
    pod: Manifest = workload["spec"]["template"]["spec"]
    return pod


def _hardened(manifests: list[Manifest]) -> Iterator[str]:
    """As the `restricted` standard of Kubernetes wants, with a root that nobody writes to."""
    for each in of_kind(manifests, *PODS):
        pod = _pod(each)
        context = pod.get("securityContext", {})
        if not context.get("runAsNonRoot") or pod.get("automountServiceAccountToken") is not False:
            yield f"{label(each)}: may run as root, or has a token of Kubernetes"
        if context.get("seccompProfile") != {"type": "RuntimeDefault"}:
            yield f"{label(each)}: no seccomp profile"
        for container in pod["containers"]:
            own = container.get("securityContext", {})
            if own.get("allowPrivilegeEscalation") is not False or not own.get(
                "readOnlyRootFilesystem"
            ):
                yield f"{label(each)}: may write to its root or get privileges"
            if own.get("capabilities") != {"drop": ["ALL"]}:
                yield f"{label(each)}: keeps capabilities"
            limits = container.get("resources", {})
            if "memory" not in limits.get("limits", {}) or "cpu" not in limits.get("requests", {}):
                yield f"{label(each)}: says not what it needs"
            if ":" not in container["image"].rpartition("/")[2]:
                yield f"{label(each)}: its image has no version"


def _long_lived(manifests: list[Manifest]) -> Iterator[str]:
    """A service is probed, ends in time, spreads, and may not be gone altogether."""
    guarded = [each["spec"]["selector"] for each in of_kind(manifests, "PodDisruptionBudget")]
    for each in of_kind(manifests, "Deployment"):
        if each["metadata"]["name"] not in SERVICES:
            continue
        pod, container = _pod(each), _pod(each)["containers"][0]
        probes = {"startupProbe": "/health", "livenessProbe": "/health", "readinessProbe": "/ready"}
        for probe, path in probes.items():
            if container.get(probe, {}).get("httpGet", {}).get("path") != path:
                yield f"{label(each)}: {probe} does not ask {path}"
        if container["ports"][0]["containerPort"] != 8000:
            yield f"{label(each)}: listens on 8000"
        if pod.get("terminationGracePeriodSeconds", 0) < 30:
            yield f"{label(each)}: is ended before it has drained"
        if each["spec"].get("strategy", {}).get("rollingUpdate", {}).get("maxUnavailable") != 0:
            yield f"{label(each)}: has fewer copies while it is rolled out"
        if "topologySpreadConstraints" not in pod or each["spec"]["selector"] not in guarded:
            yield f"{label(each)}: its copies may all be on one machine, or drained at once"


def _secrets(manifests: list[Manifest]) -> Iterator[str]:
    """Every Secret that is named is made by `shaodao secrets`, an operator, or the city itself."""
    users = {each["metadata"]["name"] for each in of_kind(manifests, "KafkaUser")}
    made = {**ours(), **{user: {"password"} for user in users}}
    made |= {"shaodao-cluster-ca-cert": {"ca.crt"}, "shaodao-postgres-ca": {"ca.crt"}}
    for each in of_kind(manifests, *PODS):
        for volume in _pod(each).get("volumes", ()):
            for source in _secret_sources(volume):
                name, keys = source["name"], {item["key"] for item in source["items"]}
                if name not in made:
                    yield f"{label(each)}: nobody makes the Secret {name}"
                elif missing := keys - made[name]:
                    yield f"{label(each)}: the Secret {name} has no {', '.join(sorted(missing))}"
        for container in _pod(each)["containers"]:
            for source in container.get("envFrom", ()):
                name = source.get("secretRef", {}).get("name")
                if name is not None and name not in CITYS_OWN:
                    yield f"{label(each)}: the Secret {name} would stand in its environment"


def _secret_sources(volume: Manifest) -> Iterator[Manifest]:
    """The Secrets of a volume, each as name and items."""
    if secret := volume.get("secret"):
        yield {"name": secret["secretName"], "items": secret.get("items", [])}
    for source in volume.get("projected", {}).get("sources", ()):
        yield {"name": source["secret"]["name"], "items": source["secret"].get("items", [])}


def ours() -> dict[str, set[str]]:
    """The Secrets that `shaodao secrets --kubernetes` makes, with their keys."""
    made = {
        "shaodao-shared": {"token_secret", "accounts.json"},
        "shaodao-sms": {"sms_key"},
        "shaodao-canary": {"canary_token"},
    }
    for service in SERVICES:
        made[f"shaodao-{service}"] = {"database_url", "vault_key"}
        made[f"shaodao-{service}-owner"] = {"owner_database_url"}
        for role in (service, owner_of(service)):
            made[role_secret(role)] = {"username", "password"}
    return made


def _given(manifests: list[Manifest]) -> Iterator[str]:
    """What each process is given beside what it reads."""
    maps = {
        each["metadata"]["name"]: each.get("data", {}) for each in of_kind(manifests, "ConfigMap")
    }
    settings = {name for title, each in maps.items() if title.startswith(HASHED) for name in each}
    for name in sorted(settings):
        if name.startswith(PREFIX) and not read_by_any(name):
            yield f"ConfigMap shaodao: nobody reads {name}"
    yield from ill_given(_process(each, maps) for each in of_kind(manifests, *PODS))


def _process(workload: Manifest, maps: Mapping[str, Mapping[str, str]]) -> Process:
    container = _pod(workload)["containers"][0]
    variables: dict[str, Any] = {}
    for source in container.get("envFrom", ()):
        shared = maps.get(source.get("configMapRef", {}).get("name", ""), {})
        module = container["command"][-1]
        variables |= {name: value for name, value in shared.items() if reads(module, name)}
    variables |= {each["name"]: each.get("value", "") for each in container.get("env", ())}
    places = {each["name"]: each["mountPath"] for each in container.get("volumeMounts", ())}
    files = set()
    for volume in _pod(workload).get("volumes", ()):
        for source in _secret_sources(volume):
            keys = [item["path"] for item in source["items"]] or ours().get(source["name"], set())
            files |= {f"{places[volume['name']]}/{key}" for key in keys if volume["name"] in places}
    return Process(
        where=label(workload),
        command=tuple(container["command"]),
        variables=variables,
        files=frozenset(files),
    )


def _selected(manifests: list[Manifest]) -> Iterator[str]:
    """Every selector of ours finds pods; those of operators' pods are theirs to label."""
    pods = [each["spec"]["template"]["metadata"]["labels"] for each in of_kind(manifests, *PODS)]
    for each in of_kind(manifests, "Service", "PodDisruptionBudget", "NetworkPolicy"):
        spec = each["spec"]
        wanted = spec.get("selector", spec.get("podSelector", {}))
        wanted = wanted.get("matchLabels", wanted)
        if any(name.startswith(("cnpg.io/", "strimzi.io/")) for name in wanted):
            continue
        if not any(wanted.items() <= labels.items() for labels in pods):
            yield f"{label(each)}: selects no pod"


def _aimed(manifests: list[Manifest]) -> Iterator[str]:
    """What is scaled, and where requests are led, is there."""
    there = {(each["kind"], each["metadata"]["name"]) for each in manifests}
    for each in of_kind(manifests, "ScaledObject"):
        if ("Deployment", each["spec"]["scaleTargetRef"]["name"]) not in there:
            yield f"{label(each)}: scales nothing"
    for each in of_kind(manifests, "Ingress"):
        for rule in each["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                if ("Service", path["backend"]["service"]["name"]) not in there:
                    yield f"{label(each)}: leads to no service"


def _databases(manifests: list[Manifest]) -> Iterator[str]:
    """Each service has a database, its owner and its own role, each with a Secret."""
    roles = {
        role["name"]: role["passwordSecret"]["name"]
        for each in of_kind(manifests, "Cluster")
        for role in each["spec"]["managed"]["roles"]
    }
    owners = {
        each["spec"]["name"]: each["spec"]["owner"] for each in of_kind(manifests, "Database")
    }
    users = {each["metadata"]["name"] for each in of_kind(manifests, "KafkaUser")}
    urls = values(Secrets.make(), KUBERNETES)
    for service in SERVICES:
        if owners.get(service) != owner_of(service):
            yield f"{service}: no database that {owner_of(service)} owns"
        for role in (service, owner_of(service)):
            if roles.get(role) != role_secret(role):
                yield f"{service}: no role {role} with a password of ours"
        if service not in users:
            yield f"{service}: no user of Kafka"
        if f"/{service}?" not in urls[f"{service}_database_url"]:
            yield f"{service}: its address names another database"
