"""What traces cost: the same bus untraced, with traces that are carried and not recorded, and with all recorded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from peerbus.actors import LOCAL, Address, Bus
from peerbus.actors.traced_sends import trace_sends
from peerbus.operate import Tracing

from .local_peerbus import MessageSink, asks, in_flight, tells
from .messages import MESSAGES, Spoken
from .run import Run
from .timing import percentiles

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

__all__ = ["carried", "off", "recorded"]


def off(run: Run) -> Mapping[str, float]:
    """Nobody traces."""
    return run.main(_figures(run, None))


def carried(run: Run) -> Mapping[str, float]:
    """Traced, and the sampler of OpenTelemetry's SDK records none of it."""
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

    return run.main(_figures(run, TracerProvider(sampler=ALWAYS_OFF)))


def recorded(run: Run) -> Mapping[str, float]:
    """Traced, and each span is made and thrown away where it would be exported."""
    from opentelemetry.sdk.trace import TracerProvider

    return run.main(_figures(run, TracerProvider()))


async def _figures(run: Run, provider: TracerProvider | None) -> dict[str, float]:
    bus = Bus("bench")
    if provider is not None:
        trace_sends(bus, Tracing(provider).tracer_for(bus.name))
    async with bus:
        to: Address[Spoken] = LOCAL / MessageSink.channel.name
        await bus.started(bus.spawn(MessageSink))
        await tells(bus, to, MESSAGES, run.warm_up)
        figures = {"tell": await tells(bus, to, MESSAGES, run.seconds)}
        await asks(bus, to, MESSAGES, run.warm_up)
        for name, value in percentiles(await asks(bus, to, MESSAGES, run.seconds)).items():
            figures[f"ask {name}"] = value
        figures["ask in flight"] = await in_flight(bus, to, MESSAGES, run.seconds)
        return figures
