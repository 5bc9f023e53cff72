"""The runbook: each alert leads to a section of its own."""

from pathlib import Path
from typing import Final

from deploy.ops_check.dashboards import anchors
from deploy.ops_check.rules import alerts

PAGE: Final = Path("deploy/README.md")
ADDRESS: Final = "https://docs.shaodao.example/deploy/README.md"


def check(folder: Path) -> list[str]:
    """Alerts without a section, with a wrong link, and sections without an alert."""
    lines = (folder / PAGE).read_text("utf-8").splitlines()
    there = anchors(lines)
    rules = alerts(folder)
    faults = []
    for rule in rules:
        wanted = f"{ADDRESS}#{rule.name.lower()}"
        if rule.annotations.get("runbook_url") != wanted:
            faults.append(f"{rule.file}: the runbook_url of {rule.name} is not {wanted}")
    names = dict.fromkeys(rule.name for rule in rules)
    faults += [f"{PAGE}: no section {name}" for name in names if name.lower() not in there]
    headings = [line.lstrip("#").strip() for line in lines if line.startswith("#")]
    faults += [
        f"{PAGE}: there is no alert {heading}"
        for heading in headings
        if heading.startswith("Shaodao") and heading not in names
    ]
    return faults
