"""What `peerbus worker --harden` asks of a worker that runs elsewhere than its node.

As `hardening`, as far as it applies: it listens nowhere, so nothing has to be turned on; what it runs its node says, so
whoever is taken for the node is the worker.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from ..config import WorkerConfig
from .hardening import Missing, imported_code, only_ours

__all__ = ["missing_of_worker"]


def missing_of_worker(config: WorkerConfig) -> tuple[Missing, ...]:
    """All that has to be there before a worker is hardened, and is not."""
    return tuple(found for demand in _DEMANDS for found in demand(config))


def _node(config: WorkerConfig) -> Iterator[Missing]:
    node = config.node
    if node.scheme != "unix" or node.peer_id is not None:
        return  # over TCP it is always named
    if config.identity is not None:
        yield Missing(
            "node",
            f"{node} does not say whose key is to answer there: with a key of its own a worker takes any user's node; "
            f"write unix://<node id>@{node.path} (`peerbus id` prints it)",
        )
    elif not hasattr(socket, "SO_PEERCRED"):
        yield Missing(
            "node", f"this system does not tell who answers at a Unix socket: write unix://<node id>@{node.path}"
        )


def _files(config: WorkerConfig) -> Iterator[Missing]:
    if os.path.exists(config.source.name):
        yield from only_ours("", "the configuration", Path(config.source.name))


def _code(_config: WorkerConfig) -> Iterator[Missing]:
    return imported_code("")


_DEMANDS: Final[tuple[Callable[[WorkerConfig], Iterable[Missing]], ...]] = (_node, _files, _code)
