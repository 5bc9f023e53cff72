"""A broker's place among others: one alone, or a cluster whose nodes all have every partition."""

import base64
import uuid
from dataclasses import dataclass

from deploy.local.ports import LOOPBACK


@dataclass(frozen=True, slots=True, kw_only=True)
class Quorum:
    """A node's place in a cluster: each partition is on all nodes, all but one must have it."""

    cluster_id: str
    node: int  # from 1
    controllers: tuple[int, ...]  # the controllers' ports, by node

    @staticmethod
    def alone(controller_port: int) -> "Quorum":
        """A cluster of one."""
        return Quorum(cluster_id=new_cluster_id(), node=1, controllers=(controller_port,))

    def properties(self) -> dict[str, object]:
        """What the settings of the node say of it."""
        copies = len(self.controllers)
        return {
            "node": self.node,
            "voters": self._voters(),
            "copies": copies,
            "least": max(1, copies - 1),
        }

    def format_arguments(self) -> tuple[str, ...]:
        """How its folder is formatted: alone it is its own first voter."""
        alone = ("--standalone",) if len(self.controllers) == 1 else ()
        return (*alone, f"--cluster-id={self.cluster_id}")

    def _voters(self) -> str:
        places = [f"{LOOPBACK}:{port}" for port in self.controllers]
        if len(places) == 1:
            return f"controller.quorum.bootstrap.servers={places[0]}"
        named = ",".join(f"{node}@{place}" for node, place in enumerate(places, 1))
        return f"controller.quorum.voters={named}"


def new_cluster_id() -> str:
    """An id as Kafka writes them."""
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
