"""The compose file: understood by docker compose, hardened, and given what processes read."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from deploy.ops_check.beside import ask
from deploy.ops_check.given import Process, faults_of

FILE: Final = Path("deploy/compose.yaml")
PROFILES: Final = ("city", "tools")
OURS: Final = "shaodao:"
SEEDED: Final = "topics"  # the job reads a folder of passwords
Service = Mapping[str, Any]


def check(folder: Path) -> list[str]:
    """What is wrong with the compose file, in words; no engine is needed."""
    profiles = [word for name in PROFILES for word in ("--profile", name)]
    named = ("--project-directory", "deploy", "-f", FILE, *profiles)
    answer = ask("docker-compose", *named, "config", "--format", "json", folder=folder)
    if answer.fault:
        return [f"{FILE}: {answer.fault}"]
    project = json.loads(answer.output)
    services: Mapping[str, Service] = project["services"]
    ours = {name: each for name, each in services.items() if each["image"].startswith(OURS)}
    return [
        *_images(services),
        *_hardened(ours),
        *_health(services),
        *_mounts(folder, services),
        *faults_of(_process(name, each) for name, each in ours.items() if _is_process(name, each)),
    ]


def _images(services: Mapping[str, Service]) -> Iterator[str]:
    for name, each in services.items():
        _, _, tag = each["image"].rpartition(":")
        if "/" in tag or tag == "latest":
            yield f"{FILE}: {name} has an image without a version, {each['image']}"


def _hardened(ours: Mapping[str, Service]) -> Iterator[str]:
    for name, each in ours.items():
        if not each.get("read_only") or each.get("cap_drop") != ["ALL"]:
            yield f"{FILE}: {name} may write to its root, or has capabilities"
        if "no-new-privileges:true" not in each.get("security_opt", ()) or each.get("privileged"):
            yield f"{FILE}: {name} may get privileges"


def _health(services: Mapping[str, Service]) -> Iterator[str]:
    """Who is waited for as healthy says whether it is; ours by the image's own check."""
    for name, each in services.items():
        for other, how in (each.get("depends_on") or {}).items():
            awaited = services[other]
            own = awaited.get("healthcheck", {})
            if how["condition"] == "service_healthy":
                if own.get("disable") or not (own or awaited["image"].startswith(OURS)):
                    yield f"{FILE}: {name} waits for {other}, which never says that it is healthy"
            elif how["condition"] != "service_completed_successfully":
                yield f"{FILE}: {name} waits for {other} only to start"


def _mounts(folder: Path, services: Mapping[str, Service]) -> Iterator[str]:
    """What is mounted of the project is there."""
    for name, each in services.items():
        for mount in each.get("volumes", ()):
            if mount["type"] == "bind" and not Path(mount["source"]).exists():
                source = Path(mount["source"]).name
                yield f"{FILE}: {name} mounts {source}, which does not exist"


def _is_process(name: str, service: Service) -> bool:
    """Not a line of Python that only hands over folders."""
    return (service.get("command") or [""])[:2] != ["python", "-c"] and name != SEEDED


def _process(name: str, service: Service) -> Process:
    entry, command = service.get("entrypoint") or [], service.get("command") or []
    return Process(
        where=f"{FILE}: {name}",
        command=(*entry, *command),
        variables=service.get("environment") or {},
        files=frozenset(each["target"] for each in service.get("secrets", ())),
    )
