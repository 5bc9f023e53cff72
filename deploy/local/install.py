"""Runs one step of the set-up and speaks up when it hangs or fails, naming the setting to change.

Used by the Makefile before the packages are there, so it needs only the standard library:
`python install.py pip|npm|maven -- COMMAND…`.
"""

import queue
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import IO

QUIET_SECONDS = 30

SETTINGS = {
    "pip": "PIP_INDEX_URL、PIP_PROXY，或 pip config set global.index-url URL",
    "npm": "npm_config_registry，或 npm config set registry URL",
    "maven": "SHAODAO_MAVEN_URL，或 ~/.m2/settings.xml 的 <mirrors>",
}


def advice(tool: str) -> str:
    """What to change when the downloads of `tool` do not come."""
    return f"可能是下载缓慢或被阻断；可设镜像 / slow or blocked, set a mirror: {SETTINGS[tool]}"


def run(tool: str, command: Sequence[str]) -> int:
    """Run the command, pass on what it says, and speak when it says nothing for long."""
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )
    lines: queue.Queue[str | None] = queue.Queue()
    assert process.stdout is not None  # it was asked for
    threading.Thread(target=_read, args=(process.stdout, lines), daemon=True).start()
    quiet = 0
    while True:
        try:
            line = lines.get(timeout=QUIET_SECONDS)
        except queue.Empty:
            quiet += QUIET_SECONDS
            sys.stderr.write(f"{tool}：{quiet} 秒没有进展，{advice(tool)}\n")
            continue
        if line is None:
            break
        quiet = 0
        sys.stdout.write(line)
        sys.stdout.flush()
    code = process.wait()
    if code != 0:
        sys.stderr.write(f"{tool} 失败 / failed (exit {code})：{advice(tool)}\n")
    return code


def _read(source: IO[str], lines: queue.Queue[str | None]) -> None:
    for line in source:
        lines.put(line)
    lines.put(None)


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1], sys.argv[3:]))
