"""The library's loggers: the program's structlog where it has set it up, else warnings to standard error."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Any, cast

import structlog
from structlog.typing import FilteringBoundLogger

__all__ = ["get_logger"]

#: As the standard library does for a program that sets up no logging.
UNCONFIGURED_LEVEL = 30


class _Logger:
    """Looks at each call whether structlog has been set up: a library must not decide it on import."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._default: FilteringBoundLogger | None = None

    def __getattr__(self, method: str) -> Any:
        # A loop may bring its own logger: that of a simulation tells the simulation's time.
        own: Callable[[str], Any] | None = getattr(asyncio._get_running_loop(), "logger_for", None)
        if own is not None:
            return getattr(own(self._name), method)
        if structlog.is_configured():
            # Bound anew: what is kept would keep the processors of then, and the program may set structlog up again.
            return getattr(structlog.get_logger(self._name).bind(logger=self._name), method)
        if self._default is None:
            self._default = structlog.wrap_logger(
                structlog.PrintLogger(sys.stderr),
                wrapper_class=structlog.make_filtering_bound_logger(UNCONFIGURED_LEVEL),
                processors=[
                    structlog.processors.add_log_level,
                    structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
                    structlog.dev.ConsoleRenderer(colors=False),
                ],
            )
        return getattr(self._default, method)


def get_logger(name: str) -> FilteringBoundLogger:
    """A logger called `name`, with structlog's methods. Makes nothing until it is used."""
    return cast("FilteringBoundLogger", _Logger(name))
