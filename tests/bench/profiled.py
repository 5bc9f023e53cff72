"""Runs a service and writes where its processor time went: `profiled REPORT MODULE`.

A sampler on SIGPROF, from SIGUSR2 to the end: every few milliseconds of processor time the running
Python frames are noted.
It costs little, so that shares are those of the undisturbed program; C code counts for the Python
line that called it. The report has each function's own and whole share, and each line's own.
"""

import runpy
import signal
import sys
from collections import Counter
from pathlib import Path
from types import CodeType, FrameType

from deploy.local.data_folder import PROJECT

EVERY_SECONDS = 0.002
SHOWN = 70


class Sampler:
    """Counts of samples, by function and by line."""

    def __init__(self) -> None:
        self.total = 0
        self.own: Counter[CodeType] = Counter()
        self.whole: Counter[CodeType] = Counter()
        self.lines: Counter[tuple[CodeType, int]] = Counter()

    def start(self) -> None:
        """Sample from now on."""
        signal.signal(signal.SIGPROF, self._sample)
        signal.setitimer(signal.ITIMER_PROF, EVERY_SECONDS, EVERY_SECONDS)

    def stop(self) -> None:
        """Sample no more."""
        signal.setitimer(signal.ITIMER_PROF, 0)

    def _sample(self, _number: int, frame: FrameType | None) -> None:
        if frame is None:
            return
        self.total += 1
        self.own[frame.f_code] += 1
        self.lines[frame.f_code, frame.f_lineno] += 1
        seen = set()
        at: FrameType | None = frame
        while at is not None:
            seen.add(at.f_code)
            at = at.f_back
        self.whole.update(seen)

    def report(self) -> str:
        """The tables, as text."""
        total = max(1, self.total)
        parts = [f"{self.total} samples of {EVERY_SECONDS * 1000:g} ms of processor time"]
        for title, counts in (("whole", self.whole), ("own", self.own)):
            parts.append(f"\n{title} share by function")
            parts += [f"{n / total:6.1%} {_name(c)}" for c, n in counts.most_common(SHOWN)]
        parts.append("\nown share by line")
        lines = self.lines.most_common(SHOWN)
        parts += [f"{n / total:6.1%} {_name(code)} at {line}" for (code, line), n in lines]
        return "\n".join(parts) + "\n"


def _name(code: CodeType) -> str:
    file = code.co_filename.removeprefix(f"{PROJECT}/").rpartition("site-packages/")[2]
    return f"{file}:{code.co_firstlineno} {code.co_qualname}"


def main() -> None:
    """Run the module until it ends or is told to, then write the report."""
    report, module = Path(sys.argv[1]), sys.argv[2]
    sys.argv = [module]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # a server raises it again at its end
    sampler = Sampler()
    signal.signal(signal.SIGUSR2, lambda *_: sampler.start())
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        sampler.stop()
        report.parent.mkdir(parents=True, exist_ok=True)
        report.write_text(sampler.report())


if __name__ == "__main__":
    main()
