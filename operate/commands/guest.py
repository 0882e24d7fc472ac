"""A guest: a node for one moment in the network of a configuration, which takes nothing from that one's own node."""

# Law 1. A guest has an identity of its own: the file's key would take over the connections of the node that it is of.
# Law 2. Nobody sends to a guest: it listens nowhere, offers nothing, runs no reactor and keeps no book.
# Law 3. What goes to several goes to those that a guest can find, and not to the first that answers: it waits until for
#        `QUIET` seconds nobody new has come and nobody is being dialed, for at most half of the time that the send has.

from __future__ import annotations

import asyncio
import ipaddress
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

from ...actors.base import ConfigError
from ...discovery import PeerUp
from ...node import Node
from ...node.config import NodeConfig, from_environment, load_config
from ...node.logs import configure
from ...node.run import known_channels
from ...transports.streams import Endpoint

__all__ = ["guest_of", "settled"]

#: Seconds without anybody new after which a guest takes it that it knows whom it can find. Peers that one of them knows
#: are told of within the round trip, and dialed at once.
QUIET = 1.0


@asynccontextmanager
async def guest_of(path: Path) -> AsyncIterator[Node]:
    """A guest that runs. Raises ConfigError for what is wrong in the configuration."""
    config = load_config(path, from_environment(os.environ))
    if config.network.allow is not None or config.network.authority is not None:
        raise ConfigError(
            f"a guest has a key of its own, and the network {config.network} {config.network.policy}: "
            "send through the node that runs, without --join"
        )
    configure("error", config.log.format)
    node = Node(
        config.name,
        network=config.network,
        channels=known_channels(config),
        mdns=config.discovery.mdns and (config.discovery.interfaces or True),
        finders=[url for url in config.discovery.finders if not url.startswith("folder:")],
        pex=config.pex.enabled and config.pex.options,
        private=True,
        peers=[str(endpoint) for endpoint in dict.fromkeys([*config.peers.persistent, *places(config)])],
        seeds=[str(endpoint) for endpoint in config.peers.seeds],
        heartbeat=config.peers.heartbeat,
        shutdown_timeout=config.limits.shutdown_timeout,
    )
    async with node:
        yield node


async def settled(node: Node, seconds: float) -> None:
    """Wait as law 3 says, for a send that has `seconds`."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds / 2):
            with node.subscribe(PeerUp) as came:
                while not node.peers:
                    await came.get()
                while True:
                    try:
                        await asyncio.wait_for(came.get(), QUIET)
                    except TimeoutError:
                        if not node.overview().dialing:
                            return


def places(config: NodeConfig) -> Iterator[Endpoint]:
    """Where the configuration's own node can be dialed from here, if it runs."""
    for endpoint in config.listen:
        if not endpoint.direct:
            yield endpoint
        elif endpoint.port:
            host = endpoint.host
            with suppress(ValueError):
                address = ipaddress.ip_address(host)
                if address.is_unspecified:
                    host = "127.0.0.1" if address.version == 4 else "::1"
            yield replace(endpoint, host=host)
