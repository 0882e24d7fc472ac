"""What an attack is: a small file in `attacks/`, which says what it does, to which node, and what else must hold.

Attackers run in a process of their own, on a processor of their own, and come from 127.0.0.2 and upwards; the honest
come from 127.0.0.1. They know the wire and the published certificates, and nothing else of the node.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from peerbus.actors import Reactor

__all__ = ["NETWORK", "Attack", "Target", "source_address"]

#: The nodes of a siege talk to nobody else.
NETWORK = "siege"


@dataclass(slots=True)
class Target:
    """The node that is attacked. `rounds`: how often an attack does what it does; None: until it is cancelled.

    `path`: of its Unix socket, where it has one; `libp2p_port`: where it listens for libp2p; `broker_port`: of the NATS
    server that it dials through, which is the attacker's. `facts` are what the attack counts, for `Attack.judge` and
    for people.
    """

    host: str
    port: int
    node_id: str
    network: str
    rounds: int | None = None
    path: str = ""
    libp2p_port: int = 0
    broker_port: int = 0
    facts: Counter[str] = field(default_factory=Counter)

    @classmethod
    def at(cls, endpoints: str, network: str, rounds: int | None = None) -> Target:
        """The node of its endpoints: `tcp://<node id>@host:port` first, and what else it has behind that."""
        first, *others = endpoints.split()
        node_id, _, place = first.removeprefix("tcp://").partition("@")
        host, _, port = place.rpartition(":")
        made = cls(host, int(port), node_id, network, rounds)
        for other in others:
            scheme, _, rest = other.partition("://")
            match scheme:
                case "unix":
                    made.path = rest.rpartition("@")[2]
                case "libp2p+tcp":
                    made.libp2p_port = int(rest.rpartition(":")[2])
                case "nats":
                    made.broker_port = int(rest.partition("/")[0].rpartition(":")[2])
        return made

    @property
    def endpoint(self) -> str:
        """As `at` takes it."""
        return f"tcp://{self.node_id}@{self.host}:{self.port}"

    def scaled(self, full: int, small: int) -> int:
        """A number that is smaller where the rounds are limited, as in a test."""
        return full if self.rounds is None else small

    async def repeat(self, once: Callable[[int], Awaitable[None]], *, side_by_side: int, pause: float = 0.0) -> None:
        """Do it for each round number, several at a time; what the node does to it (OSError, end of stream) is counted.

        Where there is no limit of rounds this ends when it is cancelled.
        """
        number = 0

        async def work() -> None:
            nonlocal number
            while self.rounds is None or number < self.rounds:
                mine, number = number, number + 1
                try:
                    await once(mine)
                except (OSError, EOFError, TimeoutError) as error:
                    self.facts[type(error).__name__] += 1
                else:
                    self.facts["done"] += 1
                await asyncio.sleep(pause)

        async with asyncio.TaskGroup() as group:
            for _ in range(side_by_side):
                group.create_task(work())


def _nothing(_facts: Mapping[str, int]) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """`number`: its place in the table. `run` attacks until it is cancelled or its rounds are over.

    `node`: arguments of the attacked `Node`, beside those that it has anyhow, `reactors` those that it has beside the
    one for the honest; `plain_unix`: it also listens on a Unix socket that proves nothing; `broker`: it dials somebody
    through a NATS server, which the attack is to be. `visitor`: arguments of the
    honest ones. `small`: rounds in `make test`. `judge` says what did not hold beside the law, of what the attack
    counted.
    """

    number: int
    name: str
    about: str
    run: Callable[[Target], Awaitable[None]]
    small: int = 20
    node: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    reactors: tuple[type[Reactor], ...] = ()
    plain_unix: bool = False
    broker: bool = False
    visitor: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    judge: Callable[[Mapping[str, int]], tuple[str, ...]] = _nothing


def source_address(number: int) -> str:
    """One of the addresses that attackers come from: 127.0.0.2, 127.0.0.3, … 127.0.250.251."""
    number %= 250 * 250
    return f"127.0.{number // 250}.{number % 250 + 2}"
