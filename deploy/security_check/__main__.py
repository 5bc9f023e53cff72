"""`python -m deploy.security_check`: every check in a line, exit code 1 when one finds a fault.

The bill of materials is written to build/sbom. What needs the network is not here: known weak
points of what is locked are for a scanner of the registry that images lie in.
"""

import argparse
import sys
from collections.abc import Mapping
from typing import Final

from deploy.ops_check.__main__ import ROOT, Check, examine
from deploy.security_check import age, bill, code, licences, secrets_in_files

CHECKS: Final[Mapping[str, Check]] = {
    "code": code.check,
    "secrets": secrets_in_files.check,
    "licences": licences.check,
    "bill of materials": bill.check,
    "age": age.check,
}


def main(arguments: list[str] | None = None) -> int:
    """Run them all, or those named."""
    parser = argparse.ArgumentParser(prog="security-check", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(CHECKS))
    names = parser.parse_args(arguments).names or list(CHECKS)
    if unknown := [name for name in names if name not in CHECKS]:
        parser.error(f"no such check: {', '.join(unknown)}")
    lines = examine(ROOT, {name: CHECKS[name] for name in names}, strict=True)
    sys.stdout.write("\n".join(lines) + "\n")
    if "bill of materials" in names:
        sys.stdout.write(f"{bill.write(ROOT)}\n")
    return int(any(line.startswith("✗") for line in lines))


if __name__ == "__main__":
    sys.exit(main())
