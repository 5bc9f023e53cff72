"""Ends what a supervisor started when the supervisor dies without doing it, even by kill -9.

Runs as a process of its own with nothing but the standard library. It hears on its standard input
`+<pid> <signal>` when a process group was started and `-<pid>` when it ended. When the input ends,
the supervisor is gone: what is left gets its signal, and after some seconds SIGKILL.
"""

import os
import signal
import sys
import time

GRACE_SECONDS = 8.0


def listen() -> dict[int, int]:
    """Follow the supervisor until it is gone; returns the groups left, each with its signal."""
    groups: dict[int, int] = {}
    for line in sys.stdin:
        if line.startswith("+"):
            pid, number = line[1:].split()
            groups[int(pid)] = int(number)
        elif line.startswith("-"):
            groups.pop(int(line[1:]), None)
    return groups


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that ended and was not waited for counts as gone."""
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return not os.path.isdir("/proc/self")  # no /proc on this platform: believe the signal


def send(pid: int, number: int) -> None:
    """Signal a whole process group, which may be gone already."""
    try:
        os.killpg(pid, number)
    except OSError:
        return


def end(groups: dict[int, int]) -> None:
    """Ask each group to end, wait, then kill what is left."""
    for pid, number in groups.items():
        send(pid, number)
    until = time.monotonic() + GRACE_SECONDS
    while time.monotonic() < until and any(is_alive(pid) for pid in groups):
        time.sleep(0.05)
    for pid in groups:
        if is_alive(pid):
            send(pid, signal.SIGKILL)


def main() -> None:
    """Outlive the supervisor's terminal, then clean up behind it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    end(listen())


if __name__ == "__main__":
    main()
