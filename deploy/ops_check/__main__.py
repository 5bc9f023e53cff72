"""`python -m deploy.ops_check`: every check in a line, exit code 1 when one finds a fault.

Where a tool is not installed the check says so and is left out; in CI that is a fault.
"""

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from deploy.ops_check import (
    asyncapi,
    compose,
    dashboards,
    dockerfile,
    kubernetes,
    prometheus,
    routes,
    rule_tests,
    runbook,
)
from deploy.ops_check.tools import ToolMissingError

ROOT: Final = Path(__file__).parents[2]
Check = Callable[[Path], list[str]]
CHECKS: Final[Mapping[str, Check]] = {
    "prometheus": prometheus.check,
    "rule tests": rule_tests.check,
    "alertmanager": routes.check,
    "dashboards": dashboards.check,
    "runbook": runbook.check,
    "asyncapi": asyncapi.check,
    "dockerfile": dockerfile.check,
    "compose": compose.check,
    "kubernetes": kubernetes.check,
}


def examine(folder: Path, checks: Mapping[str, Check] = CHECKS, *, strict: bool) -> list[str]:
    """The lines that are told, one a check and one more a fault; faults begin with ✗."""
    lines = []
    for name, check in checks.items():
        try:
            faults = check(folder)
        except ToolMissingError as missing:
            mark = "✗" if strict else "–"
            lines.append(f"{mark} {name}: 缺少 {missing.name}，未检查 / {missing}, not checked")
            continue
        lines.append(f"{'✗' if faults else '✓'} {name}")
        lines += [f"  {fault}" for fault in faults]
    return lines


def main(arguments: list[str] | None = None) -> int:
    """Run them all, or those named."""
    parser = argparse.ArgumentParser(prog="ops-check", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(CHECKS))
    names = parser.parse_args(arguments).names or list(CHECKS)
    if unknown := [name for name in names if name not in CHECKS]:
        parser.error(f"no such check: {', '.join(unknown)}")
    lines = examine(ROOT, {name: CHECKS[name] for name in names}, strict="CI" in os.environ)
    sys.stdout.write("\n".join(lines) + "\n")
    return int(any(line.startswith("✗") for line in lines))


if __name__ == "__main__":
    sys.exit(main())
