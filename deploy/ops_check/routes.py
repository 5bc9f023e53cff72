"""Alertmanager's configuration: well formed, each alert goes where it should, by ways outside."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml  # type: ignore[import-untyped,unused-ignore]

from deploy.ops_check.rules import Rule, alerts
from deploy.ops_check.tools import run

FILE: Final = Path("deploy/alertmanager/alertmanager.yml")
RECEIVERS: Final = {"page": "pager", "ticket": "tickets", "none": "heartbeat"}
OWN: Final = re.compile(r"://([^/]*@)?(localhost|127\.|\[::1\]|intake|router|notifier|sms)\b")
SECRETS: Final = re.compile(r"(password|credentials|token|secret|key)$")
NAMED: Final = re.compile(r'alertname=~?"([^"]*)"')


def check(folder: Path) -> list[str]:
    """What is wrong with the routes and receivers of a checkout, in words."""
    if faults := run("amtool", "check-config", FILE, folder=folder).faults("amtool check-config"):
        return faults
    said = yaml.safe_load((folder / FILE).read_text("utf-8"))
    rules = alerts(folder)
    return [
        *_misrouted(folder, rules),
        *_of_receivers(said),
        *_of_inhibitions(said, {rule.name for rule in rules}),
    ]


def _misrouted(folder: Path, rules: list[Rule]) -> Iterator[str]:
    """Each alert, and one of a severity that nobody knows, at the receiver of its severity."""
    strays = [{"alertname": "Unknown", "severity": "other"}, {"alertname": "Unknown"}]
    seen = [{"alertname": rule.name, **rule.labels} for rule in rules] + strays
    for labels in seen:
        wanted = RECEIVERS.get(labels.get("severity", ""), RECEIVERS["ticket"])
        ran = run(
            *("amtool", "config", "routes", "test", f"--config.file={FILE}"),
            f"--verify.receivers={wanted}",
            *(f"{name}={value}" for name, value in labels.items()),
            folder=folder,
        )
        if ran.code != 0:
            yield f"{labels['alertname']} ({labels.get('severity')}) does not go to {wanted}"


def _of_receivers(said: Mapping[str, Any]) -> Iterator[str]:
    """A receiver does something, outside the stack, and its secret is in a file."""
    for receiver in said["receivers"]:
        ways = [way for name, way in receiver.items() if name != "name" and way]
        if not ways:
            yield f"receiver {receiver['name']} tells nobody"
        for _, value in _leaves(receiver):
            if OWN.search(value):
                yield f"receiver {receiver['name']}: {value} is in the stack itself"
    for place, _ in _leaves(said):
        if SECRETS.search(place):
            yield f"{place}: a secret stands in the file, name a file instead"


def _leaves(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _leaves(each, f"{place}.{name}" if place else str(name))
    elif isinstance(value, list):
        for each in value:
            yield from _leaves(each, place)
    else:
        yield place, str(value)


def _of_inhibitions(said: Mapping[str, Any], known: set[str]) -> Iterator[str]:
    """Each alert that silences, or is silenced, exists."""
    for place, value in _leaves({"route": said["route"], "inhibit": said["inhibit_rules"]}):
        for names in NAMED.findall(value):
            for name in names.split("|"):
                if not any(re.fullmatch(name, each) for each in known):
                    yield f"{place}: there is no alert {name}"
