"""Traces of a node's messages, as an extension of it: `Node("alice", extensions=[Tracing()])`.

Needs the extra `otel`, OpenTelemetry's API. Where spans go is the program's business, which sets up the SDK.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...actors.base import ConfigError, get_logger, spelled
from ...actors.sends import Tracer
from ...node.views import NodeViews

if TYPE_CHECKING:
    from opentelemetry.trace import TracerProvider

__all__ = ["RECORDED", "Tracing"]

log = get_logger("peerbus.operate")

#: Messages a second of traces that peers want recorded: what they cost here is not theirs to decide.
RECORDED = 1_000


@spelled
class Tracing:
    """See the module. `provider`: whose spans they are, None for the one that the program has set up.

    `follow`: traces that peers have begun go on here; `recorded`: messages of them a second, at most.

    Raises ConfigError where OpenTelemetry's API is not installed, or `recorded` is negative.

    ```python
    traced = Node("bob", extensions=[Tracing()])
    ```
    """

    def __init__(
        self, provider: TracerProvider | None = None, *, follow: bool = True, recorded: int = RECORDED
    ) -> None:
        try:
            from . import otel_tracer
        except ImportError as error:
            raise ConfigError(f"tracing needs OpenTelemetry's API ({error}): pip install 'peerbus[otel]'") from None
        if recorded < 0:
            raise ConfigError(f"recorded is messages a second, 0 or more, not {recorded}")
        self._make = otel_tracer.OtelTracer
        self._provider = provider
        self._follow = follow
        self._recorded = recorded

    def tracer_for(self, name: str) -> Tracer:
        """The tracer of a node of that name."""
        return self._make(name, self._provider, follow=self._follow, recorded=self._recorded)

    async def start(self, node: NodeViews) -> None:
        """Say that it is on."""
        log.info("tracing", node=node.name, follow=self._follow)

    async def aclose(self) -> None:
        """Nothing is left to end: spans that are not over are the sends' and handlers' that are not."""
