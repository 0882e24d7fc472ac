"""The table `[limits]` of a configuration: how long things may take, and how much strangers may do."""

from __future__ import annotations

from dataclasses import dataclass

from ...actors.engine import BLOCKING_THREADS, SLOW_HANDLER
from ...discovery.peer import LEAST_MEMORY
from ...transports.connection import PEER_MEMORY
from ...transports.streams import MAX_CONNECTIONS_PER_ADDRESS_PER_SECOND
from ..node_arguments import MAX_THREADS
from .table import TomlTable

__all__ = ["MAX_WAIT", "LimitsConfig", "read_limits"]

#: Longest time that a configuration may ask anything to wait, in seconds.
MAX_WAIT = 3_600.0
#: More connections a second from one address than a node of one process can greet.
MAX_ARRIVALS = 10_000
#: A tebibyte: more than any machine of today gives one process.
MOST_MEMORY = 1 << 40


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsConfig:
    """Times in seconds.

    `shutdown_timeout`: to finish the work at hand when stopping. `slow_handler`: to hold the event loop, unwarned.
    `arrivals_per_address`: connections a second that one address may open. `peer_memory`: bytes of memory for all that
    peers make the node hold. `blocking_threads`: functions of its actors that may block at once.
    """

    shutdown_timeout: float = 10.0
    slow_handler: float = SLOW_HANDLER
    arrivals_per_address: int = MAX_CONNECTIONS_PER_ADDRESS_PER_SECOND
    peer_memory: int = PEER_MEMORY
    blocking_threads: int = BLOCKING_THREADS


def read_limits(table: TomlTable) -> LimitsConfig:
    """Read the table to its end. Raises: ConfigError."""
    arrivals = MAX_CONNECTIONS_PER_ADDRESS_PER_SECOND
    config = LimitsConfig(
        shutdown_timeout=table.seconds("shutdown_timeout", 10.0, high=MAX_WAIT),
        slow_handler=table.seconds("slow_handler", SLOW_HANDLER, high=MAX_WAIT),
        arrivals_per_address=table.integer("arrivals_per_address", arrivals, low=1, high=MAX_ARRIVALS),
        peer_memory=table.integer("peer_memory", PEER_MEMORY, low=LEAST_MEMORY, high=MOST_MEMORY),
        blocking_threads=table.integer("blocking_threads", BLOCKING_THREADS, low=1, high=MAX_THREADS),
    )
    table.finish()
    return config
