"""What a node is extended by: something that runs beside it, as long as it does, such as an admin API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from ..actors.base import get_logger

if TYPE_CHECKING:
    from .views import NodeViews

__all__ = ["Extension", "Extensions"]

log = get_logger("peerbus.node")


class Extension(Protocol):
    """Belongs to one node, which knows nothing else of it."""

    async def start(self, node: NodeViews) -> None:
        """The node is up. Raises what is to end its start."""

    async def aclose(self) -> None:
        """The node has shut down: leave nothing behind. Idempotent, and called too where `start` has failed."""


class Extensions:
    """Those of one node: started in order, closed the other way round."""

    def __init__(self, extensions: Sequence[Extension]) -> None:
        self._extensions = tuple(extensions)
        self._open: list[Extension] = []

    async def start(self, node: NodeViews) -> None:
        """Start them. Raises what the first that fails raises; those that have started are closed by `aclose`."""
        for extension in self._extensions:
            self._open.append(extension)
            await extension.start(node)

    async def aclose(self) -> None:
        """Close them; one that fails keeps none of the others from it."""
        while self._open:
            extension = self._open.pop()
            try:
                await extension.aclose()
            except Exception as error:  # the node ends all the same
                log.error("an extension did not close", extension=type(extension).__name__, exc_info=error)
