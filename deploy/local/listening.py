"""Listening sockets that the supervisor holds and a service's processes share.

So a new copy can stand beside the old one under the same address, and nobody who connects between
two lives is refused: the connection waits in the kernel until a process takes it.
"""

import socket
from dataclasses import replace

from deploy.local.ports import LOOPBACK
from deploy.local.processes import Command

BACKLOG = 4096


def listen(port: int) -> socket.socket:
    """A socket on this port of 127.0.0.1 to which connections can be made from now on."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((LOOPBACK, port))
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def on_socket(command: Command, listening: socket.socket) -> Command:
    """The command of a service that serves there."""
    number = listening.fileno()
    env = {**command.env, "SHAODAO_HTTP_SOCKET": str(number)}
    return replace(command, env=env, files=(number,))
