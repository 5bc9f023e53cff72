"""The manifests: built by kustomize, held against the schemas of their kinds and each other.

Kinds of Kubernetes itself are validated strictly. Those of Strimzi, CloudNativePG, KEDA and the
Prometheus operator are, where SHAODAO_CRDS names a folder with their definitions, as a cluster
gives them (`kubectl get crd … -o yaml`); no package has them all. Else a field that these manifests
did not use is a fault: `known_fields.txt` lists those that were validated when they were written.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import kubernetes_validate  # type: ignore[import-untyped,unused-ignore]
import yaml
from jsonschema import Draft202012Validator

from deploy.local.manifests import stale
from deploy.ops_check.beside import ask
from deploy.ops_check.manifests import Manifest, faults_of, label

FOLDER: Final = Path("deploy/kubernetes")
OVERLAYS: Final = ("city", "demo")
VERSION: Final = "1.37"  # of Kubernetes, the newest whose schemas kubernetes-validate has
KNOWN: Final = Path(__file__).parent / "known_fields.txt"
CRDS: Final = "SHAODAO_CRDS"


def check(folder: Path) -> list[str]:
    """What is wrong with the manifests of a checkout, in words; no cluster is needed."""
    faults = [f"{path} is stale: python -m deploy.local.manifests" for path in stale(folder)]
    units = units_of(folder)
    faults += _invalid(units)
    for overlay in OVERLAYS:
        try:
            built = build(folder, overlay)
        except ValueError as error:
            faults.append(str(error))
            continue
        whole = faults_of([*built, *units])
        faults += [f"{overlay}: {each}" for each in (*_invalid(built), *whole)]
    return faults


def units_of(folder: Path) -> list[Manifest]:
    """Topics and users of the units, which stand apart from what an overlay builds."""
    files = (folder / FOLDER / "units" / name for name in ("topics.yaml", "users.yaml"))
    texts = (file.read_text("utf-8") for file in files)
    return [each for text in texts for each in yaml.load_all(text, Loader=yaml.CSafeLoader)]


def build(folder: Path, overlay: str) -> list[Manifest]:
    """Everything of an overlay, its migrations too; ValueError with kustomize's own words."""
    found: list[Manifest] = []
    for part in (FOLDER / "overlays" / overlay, FOLDER / "overlays" / overlay / "migrate"):
        answer = ask("kubectl", "kustomize", part, folder=folder)
        if answer.fault:
            raise ValueError(f"{part}: {answer.fault}")
        documents = yaml.load_all(answer.output, Loader=yaml.CSafeLoader)  # data, no code
        found += [each for each in documents if each]
    return found


def _invalid(manifests: Iterable[Manifest]) -> Iterator[str]:
    schemas, known = definitions(os.environ.get(CRDS)), frozenset(KNOWN.read_text().split())
    for each in manifests:
        api, kind = each["apiVersion"], each["kind"]
        if schema := schemas.get((api, kind)):
            for error in schema.iter_errors(each):
                where = ".".join(map(str, error.absolute_path))
                yield f"{label(each)}: {where}: {error.message[:200]}"
            continue
        try:
            kubernetes_validate.validate(each, VERSION, strict=True)
        except kubernetes_validate.SchemaNotFoundError:
            used = set(fields(each["spec"], f"{api}/{kind}"))
            yield from (f"{label(each)}: unknown field {path}" for path in sorted(used - known))
        except kubernetes_validate.ValidationError as error:
            where = ".".join(map(str, error.path))
            yield f"{label(each)}: {where}: {error.message[:200]}"


def fields(value: Any, path: str) -> Iterator[str]:
    """The path of every field within; what is a map of the city's own words is not entered."""
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield f"{path}.{name}"
            if name not in {"config", "parameters", "metadata", "labels", "annotations"}:
                yield from fields(each, f"{path}.{name}")
    elif isinstance(value, list):
        for each in value:
            yield from fields(each, path)


def definitions(folder: str | None) -> dict[tuple[str, str], Draft202012Validator]:
    """Validators of the kinds that the definitions of a folder describe, unknown fields refused."""
    found = {}
    for file in sorted(Path(folder).glob("*.yaml")) if folder else ():
        for crd in yaml.load_all(file.read_text("utf-8"), Loader=yaml.CSafeLoader):
            spec = crd["spec"]
            for version in spec["versions"]:
                schema = _strict(version["schema"]["openAPIV3Schema"])
                own: dict[str, Any] = {"apiVersion": {}, "kind": {}, "metadata": {}}
                schema["properties"] = {**schema["properties"], **own}
                key = (f"{spec['group']}/{version['name']}", spec["names"]["kind"])
                found[key] = Draft202012Validator(schema)
    return found


def _strict(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {name: _strict(each) for name, each in schema.items()}
    closed = "properties" in strict and not schema.get("x-kubernetes-preserve-unknown-fields")
    if schema.get("type") == "object" and closed:
        strict.setdefault("additionalProperties", False)
    if schema.get("x-kubernetes-int-or-string") is True:
        strict.pop("type", None)
    return strict


def write_known(folder: Path) -> int:
    """Keep the fields used today, after they were validated by definitions; returns how many."""
    used: set[str] = set()
    schemas = definitions(os.environ[CRDS])
    for manifests in (units_of(folder), *(build(folder, each) for each in OVERLAYS)):
        for each in manifests:
            if (each["apiVersion"], each["kind"]) in schemas:
                used |= set(fields(each["spec"], f"{each['apiVersion']}/{each['kind']}"))
    KNOWN.write_text("".join(f"{path}\n" for path in sorted(used)))
    return len(used)


if __name__ == "__main__":
    print(write_known(Path()))  # noqa: T201 - SHAODAO_CRDS=… python -m deploy.ops_check.kubernetes
