"""Three brokers on this machine: a cluster of which one may die."""

import asyncio
from pathlib import Path

from deploy.local.kafka import Kafka
from deploy.local.ports import Ports, free_base
from deploy.local.processes import Reaper
from deploy.local.quorum import Quorum, new_cluster_id

BROKERS = 3


class Brokers:
    """Nodes that are brokers and controllers; every topic has three copies, two must have all."""

    def __init__(self, folder: Path, *, reaper: Reaper) -> None:
        ports: set[Ports] = set()
        while len(ports) < BROKERS:
            ports.add(Ports(free_base()))
        controllers, cluster_id = tuple(each.controller for each in ports), new_cluster_id()
        self.nodes = [
            Kafka(
                folder / f"kafka-{node}",
                port=each.kafka,
                controller_port=each.controller,
                reaper=reaper,
                quorum=Quorum(cluster_id=cluster_id, node=node, controllers=controllers),
            )
            for node, each in enumerate(ports, 1)
        ]

    @property
    def bootstrap(self) -> str:
        """All three, as a client should name them."""
        return ",".join(node.bootstrap for node in self.nodes)

    async def start(self) -> None:
        """Start all; a node answers only when a majority is there."""
        async with asyncio.TaskGroup() as group:
            for node in self.nodes:
                group.create_task(node.start())
