"""Ends what a stack left running when its supervisor and its reaper were both killed."""

import json
import os
import signal
from collections.abc import Mapping
from contextlib import suppress

import psutil

from deploy.local.data_folder import DataFolder


def fingerprints(pids: Mapping[str, int]) -> dict[str, list[float]]:
    """For each running process its id and when it began: together they name it for ever."""
    found = {}
    for name, pid in pids.items():
        with suppress(psutil.NoSuchProcess):
            found[name] = [pid, psutil.Process(pid).create_time()]
    return found


def end_leftovers(folder: DataFolder) -> list[str]:
    """End what the last stack on this folder left running; returns the names.

    The caller holds the folder's lock.
    """
    if not folder.stack.exists():
        return []
    left = {}
    for name, (pid, began) in json.loads(folder.stack.read_text())["processes"].items():
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(int(pid))
            if abs(process.create_time() - began) < 0.02:
                left[name] = process
    for process in left.values():
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
    _, stubborn = psutil.wait_procs(left.values(), timeout=10)
    for process in stubborn:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    psutil.wait_procs(stubborn, timeout=5)
    folder.stack.unlink()
    return sorted(left)
