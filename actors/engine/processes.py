"""What a bus needs of whoever runs actors in processes of their own for it: a node does, a bus alone has nobody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from .body import Body

__all__ = ["RunsProcesses"]


class RunsProcesses(Protocol):
    """See the module."""

    def stand_in(self, name: str, factory: Callable[[], Body], prefetch: int) -> Callable[[], Body]:
        """What makes the actor here that stands for one of a pool which a process of its own runs.

        `prefetch`: messages that this one has at hand beside the one that it handles. Raises ConfigError where another
        process could not make the actor.
        """
