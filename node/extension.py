"""What a node is extended by: something that runs beside it, as long as it does, such as an admin API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from ..actors.base import ConfigError, get_logger
from ..actors.sends import Tracer

if TYPE_CHECKING:
    from .views import NodeViews

__all__ = ["Extension", "Extensions", "MakesTracer", "tracer_of"]

log = get_logger("peerbus.node")


class Extension(Protocol):
    """Belongs to one node, which knows nothing else of it."""

    async def start(self, node: NodeViews) -> None:
        """The node is up. Raises what is to end its start."""

    async def aclose(self) -> None:
        """The node has shut down: leave nothing behind. Idempotent, and called too where `start` has failed."""


@runtime_checkable
class MakesTracer(Protocol):
    """An extension that traces what is sent: it is there before the first actor is."""

    def tracer_for(self, name: str) -> Tracer:
        """The tracer of a node of that name."""


def tracer_of(extensions: Sequence[Extension], name: str) -> Tracer | None:
    """That of the node that is extended so; None without one. Raises ConfigError for two."""
    makers = [extension for extension in extensions if isinstance(extension, MakesTracer)]
    if len(makers) > 1:
        raise ConfigError(f"{len(makers)} extensions of {name} trace what it sends: one can")
    return makers[0].tracer_for(name) if makers else None


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
