"""Logging of a running node: one event a line, for people or as JSON, with the libraries' logs in the same form.

Nothing is configured when the package is imported: a program that uses the bus as a library keeps its own
logging. The command line calls `configure` once.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING, TextIO

from ..actors.base import shortened

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor

__all__ = ["FORMATS", "LEVELS", "configure", "set_level"]

#: Levels by name, the most talkative first.
LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
FORMATS = ("console", "json")

#: Libraries that tell at `info` what only their authors need: they are heard one level above.
_TALKATIVE = ("asyncio", "pykka", "zeroconf")


def configure(level: str = "info", format: str = "console", stream: TextIO | None = None) -> None:  # noqa: A002 - the key's name in the configuration
    """Send the logs of this process to `stream` (standard error) from `level` up, as `console` or `json`.

    Times are UTC in ISO 8601. May be called again; the last call holds. Raises: ValueError for an
    unknown level or format.
    """
    if level not in LEVELS or format not in FORMATS:
        raise ValueError(f"level {level!r} of {', '.join(LEVELS)}; format {format!r} of {', '.join(FORMATS)}")
    import structlog  # 0.3 s, and `peerbus --help` needs only the names of the levels

    stream = stream or sys.stderr
    assert stream is not None, "a process that has no standard error names a stream"
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        _one_line,
    ]
    rendering = _rendering(format, stream)
    structlog.configure(
        processors=[*shared, *rendering],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=False,  # a cached logger would not hear of a second call
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder(), _name_library],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    root = logging.getLogger()
    for old in root.handlers[:]:
        if isinstance(old.formatter, structlog.stdlib.ProcessorFormatter):
            root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(LEVELS[level])
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(LEVELS[level], logging.WARNING) if level != "debug" else logging.DEBUG)


def set_level(level: str) -> None:
    """Log from `level` up, wherever it goes. Raises: ValueError for an unknown level."""
    if level not in LEVELS:
        raise ValueError(f"level {level!r} of {', '.join(LEVELS)}")
    import structlog

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]))
    logging.getLogger().setLevel(LEVELS[level])


def _rendering(format: str, stream: TextIO) -> list[Processor]:  # noqa: A002 - as above
    import structlog

    if format == "json":
        # Without the frames' local variables: a key or a message in a log file is a secret lost.
        tracebacks = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        return [structlog.processors.ExceptionRenderer(tracebacks), structlog.processors.JSONRenderer(default=str)]
    colors = stream.isatty() and "NO_COLOR" not in os.environ
    return [structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=structlog.dev.plain_traceback)]


def _one_line(_logger: object, _method: str, event: EventDict) -> EventDict:
    """What a library logs, and what stands in an error, is text from outside as well: see `shortened`."""
    for key in ("event", "exc_info"):
        if event.get(key):
            event.update(shortened(_logger, _method, {key: event[key]}))
    return event


def _name_library(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Say which library speaks: its lines have no peer and no channel to be told by."""
    record = event.get("_record")
    if isinstance(record, logging.LogRecord):
        event["logger"] = record.name
    return event
