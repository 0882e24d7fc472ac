"""The time of day, for what must mean the same on two machines or after a restart; all else reads the loop's clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime

__all__ = ["date_text", "wall_clock"]


def wall_clock() -> float:
    """Seconds since 1970 (UTC). A loop may bring its own, as `wall_time`: a simulation's begins at a fixed day."""
    own: Callable[[], float] | None = getattr(asyncio._get_running_loop(), "wall_time", None)
    return time.time() if own is None else own()


def date_text(epoch: float) -> str:
    """Seconds since 1970 as people read them, in UTC."""
    return datetime.fromtimestamp(epoch, tz=UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
