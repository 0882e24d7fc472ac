"""Waiting for a stream that takes no more: the one coroutine of the writing half."""

from __future__ import annotations

from collections.abc import Callable

from ...actors.base import StreamBroken, StreamClosed
from ..streams import Stream

__all__ = ["drained"]


async def drained(stream: Stream, go_on: Callable[[bool], None]) -> None:
    """Wait until the stream takes more; `go_on` hears whether it does. Not in vain: the reader hears of its end too."""
    takes = False
    try:
        await stream.drain()
        takes = True
    except (StreamBroken, StreamClosed):
        pass
    finally:
        go_on(takes)
