"""Whether a process lets a request in: its limits, each caller's rate, and how near its end it is.

It ends in two steps: first everybody is still served but told to connect anew, so that the next
request goes to another copy; then nothing new is begun.
"""

import time
from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from enum import Enum
from typing import Final

from starlette.requests import Request
from starlette.types import Scope

from shared.runtime import metrics
from shared.runtime.load import Load, Reason, Refusal
from shared.web.identity import Caller, Tokens, UnauthenticatedError
from shared.web.login import address_of
from shared.web.priorities import STREAMS, lasts, priority_of, writes
from shared.web.rates import Buckets, Who, rate_of

OWN_SHARE: Final = 2 / 3  # of the places, that one program may have at most
AWAY_SECONDS: Final = 2  # until another copy has taken over

IsCritical = Callable[[bytes], bool]
Headers = Mapping[bytes, bytes]


class Phase(Enum):
    """How near its end a process is."""

    OPEN = 0  # 开放
    LEAVING = 1  # 正在退出: it serves, and asks callers to connect anew
    SHUT = 2  # 已关门: it only finishes what was begun


class Place:
    """Where a request that was let in is counted; `leave` gives it back."""

    __slots__ = ("_critical", "_load", "_program", "_programs", "_since")

    def __init__(
        self,
        load: Load,
        programs: Counter[Hashable],
        program: Hashable | None,
        *,
        critical: bool = False,
    ) -> None:
        self._load = load
        self._programs = programs
        self._program = program
        self._critical = critical
        self._since = time.monotonic()
        load.in_work += 1
        load.critical_in_work += critical
        if program is not None:
            programs[program] += 1

    def leave(self) -> None:
        """The request is answered."""
        now = time.monotonic()
        self._load.answered(now - self._since, now=now)
        self._load.critical_in_work -= self._critical
        if self._program is not None:
            self._programs[self._program] -= 1
            if not self._programs[self._program]:
                del self._programs[self._program]


class Doors:
    """One a process, in `app.state.doors`; `critical` says by address how a body tells of that."""

    def __init__(
        self, tokens: Tokens, *, rate_factor: float, critical: Mapping[str, IsCritical]
    ) -> None:
        self.phase = Phase.OPEN
        self._tokens = tokens
        self._critical = critical
        self._buckets = Buckets(rate_factor)
        self._programs: Counter[Hashable] = Counter()

    def leave(self) -> None:
        """This process ends: everybody is served as before, for a while."""
        self.phase = Phase.LEAVING
        metrics.DRAINING.set(1)

    def shut(self) -> None:
        """Let nothing in any more."""
        self.phase = Phase.SHUT

    def ask(self, scope: Scope, headers: Headers, load: Load) -> Refusal | Place | None:
        """A place, why there is none, or None for a request that needs none."""
        path, method, now = scope["path"], scope["method"], time.monotonic()
        if self.phase is Phase.SHUT or (self.phase is Phase.LEAVING and path.startswith(STREAMS)):
            return Refusal(Reason.DRAINING, AWAY_SECONDS)
        over = load.refusal(priority_of(method, path), writes=writes(method, path), now=now)
        if over is not None:
            return over
        program = self._program(headers)
        over = self._over_its_rate(scope, program, load, now=now)
        if over is not None:
            return over
        if lasts(path, headers.get(b"content-type", b"")):
            return None
        return Place(load, self._programs, program)

    def ask_critical(self, load: Load) -> Refusal | Place:
        """A place for a ticket that comes before all others, or why even it has none."""
        if self.phase is Phase.SHUT:
            return Refusal(Reason.DRAINING, AWAY_SECONDS)
        over = load.refusal_of_critical()
        return over or Place(load, self._programs, None, critical=True)

    def critical(self, scope: Scope) -> IsCritical | None:
        """How the body of such a request tells that it is critical; None where none can be."""
        return self._critical.get(scope["path"]) if scope["method"] == "POST" else None

    def _over_its_rate(
        self, scope: Scope, program: Hashable | None, load: Load, *, now: float
    ) -> Refusal | None:
        most = load.places * OWN_SHARE
        if program is not None and self._programs[program] >= most:
            return Refusal(Reason.RATE, AWAY_SECONDS)
        rate = rate_of(scope["path"])
        if rate is None:
            return None
        # a key may be anything, and another each time: only who is known has a rate of its own
        is_own = rate.who is Who.CALLER and isinstance(program, Caller)
        caller = program if is_own else address_of(Request(scope))
        wait = self._buckets.take(rate, caller, now=now)
        return None if wait is None else Refusal(Reason.RATE, wait)

    def _program(self, headers: Headers) -> Hashable | None:
        """The program that shows a token or a key; None for everybody else.

        A key is not looked up: one that does not hold takes its own places away from nobody.
        """
        key = headers.get(b"x-api-key")
        if key is not None:
            return key
        shown = headers.get(b"authorization")
        if shown is None:
            return None
        try:
            return self._tokens.caller(shown.decode("latin-1"))
        except UnauthenticatedError:
            return None
