"""Writes the manifests of deploy/kubernetes that follow from other files, or names stale ones.

Topics and users follow from the topics table and the units, Prometheus' rules from
deploy/prometheus/rules. `python -m deploy.local.manifests [--check]`.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from deploy.local.data_folder import PROJECT
from deploy.local.strimzi import text, topics_of, users_of
from shared.catalogue.load import load_catalogue

FOLDER: Final = Path("deploy") / "kubernetes"
RULES: Final = Path("deploy") / "prometheus" / "rules"
MADE: Final = "Made by `python -m deploy.local.manifests`; a test tells when it is stale."


def generated(project: Path = PROJECT) -> dict[Path, str]:
    """Every generated manifest, by its path in the project."""
    units = list(load_catalogue().units)
    return {
        FOLDER / "units" / "topics.yaml": text(topics_of(units), about=MADE),
        FOLDER / "units" / "users.yaml": text(users_of(units), about=MADE),
        FOLDER / "demo-city" / "user.yaml": text(
            [each for each in users_of(units, city=True) if each["metadata"]["name"] == "city"],
            about=MADE,
        ),
        FOLDER / "monitoring" / "rules.yaml": "".join(_rules(project / RULES)),
    }


def stale(project: Path = PROJECT) -> list[str]:
    """The generated manifests that are not as they would be made now."""
    return [
        str(path)
        for path, wanted in generated(project).items()
        if not (project / path).exists() or (project / path).read_text("utf-8") != wanted
    ]


def _rules(folder: Path) -> Iterator[str]:
    """A PrometheusRule for each file of rules, whose text it takes as it stands."""
    yield f"# {MADE}\n"
    for file in sorted(folder.glob("*.yml")):
        yield "---\napiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\n"
        yield f"metadata: {{ name: shaodao-{file.stem} }}\nspec:\n"
        for line in file.read_text("utf-8").splitlines():
            yield f"  {line}".rstrip() + "\n"


def main(arguments: list[str]) -> int:
    """Write them, or with --check name the stale ones; exit code 1 when there are any."""
    if "--check" in arguments:
        found = stale()
        sys.stdout.writelines(f"{path}\n" for path in found)
        return int(bool(found))
    for path, wanted in generated().items():
        (PROJECT / path).parent.mkdir(parents=True, exist_ok=True)
        (PROJECT / path).write_text(wanted, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
