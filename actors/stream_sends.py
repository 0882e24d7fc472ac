"""Streams and conversations of plain code on a bus: `bus.stream(to, message)`, `bus.open(to, message)`."""

from __future__ import annotations

from typing import Any

from .engine import Ref
from .messages import Address, Stream
from .routing import Directory, routed_open, routed_stream
from .sends import check_timeout
from .streams import OpenStream

__all__ = ["bus_open", "bus_stream", "check_times"]


def bus_stream(
    bus: Directory,
    to: Ref[Any] | Address[Any],
    message: object,
    *,
    timeout: float | None = None,
    idle: float | None = None,
    wait_for_peer: bool = False,
) -> Stream[Any]:
    """Read the answer item by item, on the event loop; see `Actor.stream`."""
    timeout, idle = check_times(timeout, idle)
    return routed_stream(bus, to, message, timeout, idle, None, wait=wait_for_peer)


def bus_open(
    bus: Directory,
    to: Ref[Any] | Address[Any],
    message: object,
    *,
    timeout: float | None = None,
    idle: float | None = None,
    wait_for_peer: bool = False,
) -> OpenStream[Any]:
    """Send items along with a message, on the event loop; see `Actor.open_stream`."""
    timeout, idle = check_times(timeout, idle)
    return routed_open(bus, to, message, timeout, idle, None, wait=wait_for_peer)


def check_times(timeout: float | None, idle: float | None) -> tuple[float | None, float | None]:
    """The two as floats. Raises TypeError for what is no number of seconds."""
    return (
        None if timeout is None else check_timeout(timeout),
        None if idle is None else check_timeout(idle),
    )
