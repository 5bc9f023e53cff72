"""The ports of a stack: all counted from one base, so that several copies run side by side."""

import random
import socket
from dataclasses import dataclass

from deploy.local.errors import PortsTakenError

LOOPBACK = "127.0.0.1"
DEFAULT_BASE = 18000
SPAN = 8  # from the base to the text message gateway's port


@dataclass(frozen=True, slots=True)
class Ports:
    """Who listens where."""

    base: int

    @property
    def intake(self) -> int:
        return self.base + 1

    @property
    def router(self) -> int:
        return self.base + 2

    @property
    def notifier(self) -> int:
        return self.base + 3

    @property
    def postgres(self) -> int:
        return self.base + 4

    @property
    def kafka(self) -> int:
        return self.base + 5

    @property
    def controller(self) -> int:
        return self.base + 6

    @property
    def sms(self) -> int:
        return self.base + 7

    def named(self) -> dict[str, int]:
        """Every port by the name of who listens on it."""
        names = ("intake", "router", "notifier", "postgres", "kafka", "controller", "sms")
        return {name: getattr(self, name) for name in names}


def is_free(port: int) -> bool:
    """Whether a program could listen on this port of 127.0.0.1 now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def refuse_taken(wanted: dict[str, int]) -> None:
    """Raise PortsTakenError naming each port of `wanted` (name → port) that is taken."""
    taken = {name: port for name, port in wanted.items() if not is_free(port)}
    if not taken:
        return
    listed = ", ".join(f"{name} {port}" for name, port in taken.items())
    raise PortsTakenError(
        f"端口已被占用：{listed}。请停掉占用的程序，或用 --port-base 换一组端口（例如 19000）。",
        f"ports are taken: {listed}; stop what uses them or choose others with --port-base",
    )


def free_base() -> int:
    """A base whose ports are all free now; for tests, which need no fixed one.

    Below the range from which outgoing connections get theirs: there, a client that tries to
    reach a server being restarted could take its port, or even connect to itself.
    """
    chooser = random.SystemRandom()
    while True:
        base = chooser.randrange(20_000, 32_000, 10)
        if all(is_free(base + offset) for offset in range(SPAN)):
            return base
