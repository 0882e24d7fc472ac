"""The log of a simulation: what the library logs in it, with virtual time, kept to be shown when it fails."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, MutableMapping
from typing import Any, cast

import structlog
from structlog.typing import FilteringBoundLogger, WrappedLogger

from ...actors.base import shortened

__all__ = ["SimulationLog"]

#: Lines that are kept.
KEPT = 1000
#: Lines that a failure shows.
SHOWN = 20
#: As the standard library numbers it.
WARNING = 30


class SimulationLog:
    """Keeps what is logged from `level` up as lines, and passes it on where the program has set structlog up.

    Either way a line says the virtual time (`virtual_time` in seconds).
    """

    def __init__(self, time: Callable[[], float], *, level: int = WARNING) -> None:
        self._time = time
        self._level = level
        #: What is logged is kept.
        self.on = True
        self._lines: deque[str] = deque(maxlen=KEPT)
        self._loggers: dict[str, FilteringBoundLogger] = {}

    @property
    def lines(self) -> list[str]:
        """What was logged, the newest last."""
        return list(self._lines)

    def last(self, count: int = SHOWN) -> list[str]:
        """The newest lines."""
        return list(self._lines)[-count:]

    def logger_for(self, name: str) -> FilteringBoundLogger:
        """The logger of this name: what a loop's `logger_for` is asked for."""
        if structlog.is_configured():
            processors = [shortened, *structlog.get_config()["processors"]]
            logger = structlog.wrap_logger(None, processors=processors, logger_factory_args=(name,))
            return cast("FilteringBoundLogger", logger.bind(logger=name, virtual_time=round(self._time(), 6)))
        found = self._loggers.get(name)
        if found is None:
            found = self._loggers[name] = structlog.wrap_logger(
                None,
                wrapper_class=structlog.make_filtering_bound_logger(self._level),
                processors=[structlog.processors.add_log_level, shortened, self._keep],
            )
        return found

    def _keep(self, logger: WrappedLogger, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        level, text = event.pop("level", method), event.pop("event", "")
        error = event.pop("exc_info", None)
        words = " ".join(f"{key}={value}" for key, value in event.items())
        if self.on:
            failure = "" if error is None else f" error={error!r}"
            self._lines.append(f"{self._time():12.6f}  {level:<8} {text} {words}{failure}")
        raise structlog.DropEvent
