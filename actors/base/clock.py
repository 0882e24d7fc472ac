"""The time of day, for what must mean the same on two machines or after a restart; all else reads the loop's clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from types import FunctionType

__all__ = ["date_text", "keeps_another_time", "wall_clock"]


def wall_clock() -> float:
    """Seconds since 1970 (UTC). A loop may bring its own, as `wall_time`: a simulation's begins at a fixed day."""
    own: Callable[[], float] | None = getattr(asyncio._get_running_loop(), "wall_time", None)
    return time.time() if own is None else own()


def date_text(epoch: float) -> str:
    """Seconds since 1970 as people read them, in UTC."""
    return datetime.fromtimestamp(epoch, tz=UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def keeps_another_time(loop: asyncio.AbstractEventLoop) -> bool:
    """A test's loop, whose time jumps: nothing that takes long there is slow."""
    own = getattr(type(loop), "time", None)
    return isinstance(own, FunctionType) and own is not asyncio.BaseEventLoop.time
