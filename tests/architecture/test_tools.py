"""What people are told to run is there: hooks, and the commands of CONTRIBUTING."""

import re
import subprocess
from pathlib import Path

import yaml  # type: ignore[import-untyped,unused-ignore]

ROOT = Path(__file__).parents[2]
CODE = re.compile(r"```\n(.*?)```", re.DOTALL)


def test_hooks_are_local_and_start_tools_that_are_installed() -> None:
    repos = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    assert [repo["repo"] for repo in repos] == ["local"]
    hooks = {hook["id"]: hook for hook in repos[0]["hooks"]}
    assert set(hooks) == {"ruff", "ruff-format", "mypy", "lint-imports", "contracts"}
    for hook in hooks.values():
        assert hook["language"] == "system"
        command = hook["entry"].split()[0]
        assert (ROOT / command).exists(), f"{hook['id']}: {command} is not there"


def test_the_configuration_of_the_hooks_is_valid() -> None:
    done = subprocess.run(
        [ROOT / ".venv" / "bin" / "pre-commit", "validate-config"], cwd=ROOT, check=False
    )
    assert done.returncode == 0


def test_targets_and_paths_of_contributing_are_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    makefile = (ROOT / "Makefile").read_text("utf-8")
    commands = "\n".join(CODE.findall(text))
    targets = set(re.findall(r"^make ([\w-]+)", commands, re.MULTILINE))
    assert targets == {"setup", "check", "test", "proof", "ops-check"}
    assert [name for name in targets if not re.search(rf"^{name}:", makefile, re.MULTILINE)] == []
    named = set(re.findall(r"\.venv/bin/[\w-]+|\btests/[\w/]+(?:\.py)?|\bshared/[\w/]+\.py", text))
    assert len(named) > 8
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []
    assert [link for link in re.findall(r"\]\((\S+?)\)", text) if not (ROOT / link).exists()] == []
