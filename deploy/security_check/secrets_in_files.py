"""Looks for secrets in the files of a checkout, with the detectors of detect-secrets.

gitleaks would have to be built from source by a Go that nothing else here needs; these detectors
are a package like any other. Only lines that could hold one are shown to them, which takes seconds
instead of a minute. A line that is no secret says so: `# pragma: allowlist secret`.
"""

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from detect_secrets.filters import heuristic
from detect_secrets.plugins.base import BasePlugin
from detect_secrets.settings import get_plugins, transient_settings

SUSPICIOUS: Final = re.compile(
    r"api.?key|auth.?key|service.?key|account.?key|db.?key|database.?key|priv.?key|private.?key"
    r"|client.?key|pass|pwd|secret|token|://[^/\s\"']*:[^/\s\"']*@"
    r"|[A-Za-z0-9+/=]{20,}|[A-Za-z0-9_-]{32,}|PRIVATE KEY",
    re.IGNORECASE,
)
# Hashes and names by nature: locks, examples of the contracts and what is made from them, drawings.
PASSED_OVER: Final = re.compile(
    r"(\.lock|\.lock\.toml|package-lock\.json|\.png|\.jpg|\.pdf|\.csv|\.jsonl|\.aot)$"
    r"|^shared/contracts/(examples|schemas|asyncapi\.yaml)|^shared/contracts/README\.md"
    r"|^deploy/grafana/dashboards/"
)
TOKENS: Final = (
    "ArtifactoryDetector",
    "AWSKeyDetector",
    "AzureStorageKeyDetector",
    "GitHubTokenDetector",
    "GitLabTokenDetector",
    "JwtTokenDetector",
    "NpmDetector",
    "PrivateKeyDetector",
    "PypiTokenDetector",
    "SlackDetector",
    "StripeDetector",
    "TelegramBotTokenDetector",
    "TwilioKeyDetector",
)
ENTROPY: Final = (
    {"name": "Base64HighEntropyString", "limit": 4.5},
    {"name": "HexHighEntropyString", "limit": 3.0},
)
# A word or a few in small letters is a name, a sample or a path, and no password of anybody.
NO_SECRET: Final = re.compile(r"^[a-z_ ./-]{1,50}!?$|^[A-Z]?[a-z]+$|[{…\u4e00-\u9fff]|^\*+$|^$")
EXCUSED: Final = re.compile(r"pragma: allowlist secret|secretName: ")  # Kubernetes: where it is
LONGEST: Final = 2000  # drawings and the like


def check(folder: Path) -> list[str]:
    """Each line that holds what looks like a secret, by the detector that says so."""
    plugins = [{"name": name} for name in ("KeywordDetector", "BasicAuthDetector", *TOKENS)] + list(
        ENTROPY
    )
    with transient_settings({"plugins_used": plugins}):
        detectors = get_plugins()
        return [f for path in sorted(_files(folder)) for f in _faults(folder, path, detectors)]


def _faults(folder: Path, path: str, detectors: Sequence[BasePlugin]) -> Iterator[str]:
    try:
        text = (folder / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return  # a picture
    is_test = path.startswith("tests/")  # ids of traces and hashes are samples there
    for number, line in enumerate(text.splitlines(), start=1):
        if len(line) > LONGEST or EXCUSED.search(line) or not SUSPICIOUS.search(line):
            continue
        for detector in detectors:
            if is_test and "Entropy" in detector.secret_type:
                continue
            found = detector.analyze_line(filename=path, line=line, line_number=number)
            if any(
                type(detector).__name__ in TOKENS or _is_one(each.secret_value or "", line)
                for each in found
            ):
                yield f"{path}:{number}: {detector.secret_type}"


def _is_one(value: str, line: str) -> bool:
    return not (
        NO_SECRET.search(value)
        or heuristic.is_sequential_string(value)
        or heuristic.is_potential_uuid(value)
        or heuristic.is_templated_secret(value)
        or heuristic.is_indirect_reference(line)
    )


def _files(folder: Path) -> Iterator[str]:
    """What belongs to the project: what git would take, else every file."""
    git = shutil.which("git")
    if git is not None and (folder / ".git").exists():
        words = ["ls-files", "--cached", "--others", "--exclude-standard"]
        said = subprocess.run(  # nosec B603
            [git, *words], cwd=folder, capture_output=True, text=True, check=True
        )
        names = said.stdout.splitlines()
    else:
        names = [str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file()]
    for name in names:
        if not PASSED_OVER.search(name) and (folder / name).is_file():
            yield name
