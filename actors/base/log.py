"""The library's loggers: the program's structlog where it has set that up, else the `logging` of the standard library.

Laws:
1. A library sets up no logging and writes nothing itself. What nobody set up is said by `logging` as for any library:
   warnings go to standard error.
2. Which of the two it is, is looked at anew with each line: a program may set up either at any time.
3. A line that nobody hears costs a look at the level: no text is made.
4. A node id stands in a line by its first `ID_SHOWN` characters, also within a text, but for what is to be copied.
5. No stranger sets the pace of a line: see `log_pace`.
6. Whatever a stranger says, a line is one line, and a terminal takes it as text: fields and errors pass `printable`.
7. Nor how long it is: of a text `MOST_TEXT` characters are told, of a list `MOST_ITEMS` items, but for what is in full.
"""

from __future__ import annotations

import asyncio
import logging
import re
import sys
from collections.abc import Callable, Mapping, MutableMapping
from contextvars import ContextVar
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from .log_pace import LogPace, LogSum
from .node_ids import ids_short
from .outside_text import printable, printable_error

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

__all__ = ["TRACE_ID", "InFull", "get_logger", "one_line", "shortened", "with_trace"]

#: The trace that the code which runs belongs to; whoever traces sets it. It stands in each line as `trace_id`.
TRACE_ID: ContextVar[str] = ContextVar("peerbus_trace_id", default="")
#: The event that tells how many lines of another one were not told.
REST = "more of the same"
#: Characters of one field, and items of one that is a list: twenty lines a second of such fields are 8 KiB.
MOST_TEXT, MOST_ITEMS = 320, 8
#: Text that needs no quotes within `key=value`.
_PLAIN = re.compile(r"[^\s\"'=\x00-\x1f\x7f-\x9f]+")
#: Levels by the names of structlog's methods.
_LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "exception": logging.ERROR,
    "critical": logging.CRITICAL,
}
#: What a record of `logging` says already; a field of such a name is set with a `_` behind it.
_OF_RECORDS = frozenset(vars(logging.makeLogRecord({}))) | {"asctime", "message", "taskName"}

_ExcInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None] | None


#: What all loggers of this process told in this second, by node.
_OF_ALL = LogSum()


class InFull(str):
    """A field that somebody will copy: where this node listens, its own id, the digest of a file."""

    __slots__ = ()


class _Logger:
    """See the module. Its methods are structlog's; each is found anew when it is looked up, and its caller calls it."""

    __slots__ = ("_name", "_pace", "_standard", "_templates", "_words")

    def __init__(self, name: str, words: Mapping[str, str]) -> None:
        self._name = name
        self._words = words
        self._pace = LogPace(total=_OF_ALL)
        self._standard: logging.Logger | None = None
        #: Texts by event and fields; there are as many as there are calls in the sources.
        self._templates: dict[tuple[str, ...], str] = {}

    def __getattr__(self, method: str) -> Any:
        if method.startswith("_"):  # of `copy`, of `hasattr`, of an object that is being made: no line
            raise AttributeError(f"{type(self).__name__} has no {method!r}", name=method, obj=self)
        # A loop may bring its own logger: that of a simulation tells the simulation's time.
        own: Callable[[str], Any] | None = getattr(asyncio._get_running_loop(), "logger_for", None)
        if own is not None:
            return getattr(own(self._name), method)
        # Where nobody has imported it, nobody has set it up.
        structlog: Any = sys.modules.get("structlog")
        if structlog is not None and structlog.is_configured():
            # Bound anew: what is kept would keep the processors of then, and the program may set structlog up again.
            processors = [self._paced, with_trace, shortened, *structlog.get_config()["processors"]]
            logger = structlog.wrap_logger(None, processors=processors, logger_factory_args=(self._name,))
            return getattr(logger.bind(logger=self._name), method)
        level = _LEVELS.get(method)
        if level is None:
            raise AttributeError(f"a logger has {', '.join(_LEVELS)}, no {method!r}", name=method, obj=self)
        standard = self._standard
        if standard is None:
            standard = self._standard = logging.getLogger(self._name)
        if not standard.isEnabledFor(level):
            return _unheard
        return (
            partial(self._log, standard, level, exc_info=True)
            if method == "exception"
            else partial(self._log, standard, level)
        )

    def _log(
        self, logger: logging.Logger, level: int, event: str, *, exc_info: object = None, **fields: object
    ) -> None:
        if level > logging.DEBUG and event != REST and not self._allows(event, fields, traceback=bool(exc_info)):
            return
        with_trace(logger, "", fields)
        shortened(logger, "", fields)
        caller = sys._getframe(1)
        record = logger.makeRecord(
            logger.name,
            level,
            caller.f_code.co_filename,
            caller.f_lineno,
            self._template(event, fields),
            self._values(event, fields),
            _safe(_exc_info(exc_info)),
            caller.f_code.co_name,
        )
        # Not by `extra`, which refuses a field that the record has already, be it by a program's own record factory.
        has = vars(record)
        for key, value in (("event", event), *fields.items()):
            has[f"{key}_" if key in _OF_RECORDS or key in has else key] = value
        logger.handle(record)

    def _allows(self, event: str, fields: Mapping[str, object], *, traceback: bool) -> bool:
        node, reason = fields.get("node"), fields.get("reason", "")
        return self._pace.allows(event, node, reason, self._tell_rest, traceback=traceback)

    def forget(self) -> None:
        """As `LogPace.forget`."""
        self._pace.forget()

    def _paced(self, _logger: object, method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """A processor of structlog."""
        event = str(fields.get("event"))
        traceback = bool(fields.get("exc_info"))
        if method != "debug" and event != REST and not self._allows(event, fields, traceback=traceback):
            raise sys.modules["structlog"].DropEvent
        return fields

    def _tell_rest(self, event: str, node: object, counts: Mapping[str, int]) -> None:
        reasons = [f"{reason}={count}" for reason, count in counts.items() if reason]
        fields = {**({} if node is None else {"node": node}), **({"reasons": reasons} if reasons else {})}
        self.info(REST, of=event, unlogged=sum(counts.values()), **fields)

    def _values(self, event: str, fields: Mapping[str, object]) -> tuple[Mapping[str, object], ...]:
        if event in self._words and fields:
            return (fields,)
        return ({key: one_line(value) for key, value in fields.items()},) if fields else ()

    def _template(self, event: str, fields: Mapping[str, object]) -> str:
        """The text of such a record, without its values: by it collectors of errors know what is the same."""
        key = (event, *fields)
        found = self._templates.get(key)
        if found is None:
            escaped = event.replace("%", "%%") if fields else event
            found = self._words.get(event) or " ".join((escaped, *(f"{name}=%({name})s" for name in fields)))
            if event in self._words and "trace_id" in fields:
                found += " trace_id=%(trace_id)s"
            self._templates[key] = found
        return found


def get_logger(name: str, words: Mapping[str, str] | None = None) -> FilteringBoundLogger:
    """A logger called `name`, with structlog's methods. Makes nothing until it is used.

    `words`: what `logging` says instead of an event and its fields, as `"%(actor)s has failed"` by the event.
    """
    return cast("FilteringBoundLogger", _Logger(name, words or {}))


def one_line(value: object) -> str:
    """A value within a line: quoted where it would not be told from the rest, and never more than one line."""
    if isinstance(value, list | tuple):
        text = ",".join(str(each) for each in value)
    else:
        text = repr(value) if isinstance(value, bytes) else str(value)
    if _PLAIN.fullmatch(text) and text.isprintable():
        return text
    # What has passed `printable` has its escapes: `repr` would double them.
    return repr(text) if "\\" not in text or not text.isprintable() else "'" + text.replace("'", "\\'") + "'"


def with_trace(_logger: object, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Add the trace, if the code that runs belongs to one, to these fields. A processor of structlog."""
    trace = TRACE_ID.get()
    if trace:
        fields.setdefault("trace_id", trace)
    return fields


def shortened(_logger: object, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Shorten the node ids in these fields, and what is long, and escape what cannot be printed: for structlog too."""
    for key, value in fields.items():
        if isinstance(value, str):
            fields[key] = _shorten(value)
        elif isinstance(value, list | tuple) and key != "exc_info":
            fields[key] = _first_of([_shorten(each) if isinstance(each, str) else each for each in value])
    if (given := fields.get("exc_info")) and _safe(found := _exc_info(given)) is not found:
        fields["exc_info"] = _safe(found)
    return fields


def _shorten(text: str) -> str:
    if isinstance(text, InFull):
        return text
    found = printable(ids_short(text[: 2 * MOST_TEXT]))
    if len(found) <= MOST_TEXT and len(text) <= 2 * MOST_TEXT:
        return found
    return f"{found[:MOST_TEXT]}… ({len(text)} characters)"


def _first_of(items: list[object]) -> list[object]:
    """As many of them as are told, and how many are not."""
    told, left = 0, MOST_TEXT
    for each in items[:MOST_ITEMS]:
        left -= len(str(each))
        if told and left < 0:
            break
        told += 1
    if told == len(items) or any(isinstance(each, InFull) for each in items):
        return items
    return [*items[:told], f"and {len(items) - told} more"]


def _exc_info(given: object) -> _ExcInfo:
    if isinstance(given, BaseException):
        return (type(given), given, given.__traceback__)
    if isinstance(given, tuple):
        return cast("_ExcInfo", given)
    return sys.exc_info() if given else None


def _safe(exc_info: _ExcInfo) -> _ExcInfo:
    """The same, where nothing that it says can be taken for more than a text."""
    if exc_info is None or exc_info[1] is None:
        return exc_info
    error = printable_error(exc_info[1])
    return exc_info if error is exc_info[1] else (type(error), error, exc_info[2])


def _unheard(_event: str, **_fields: object) -> None:
    """A line below the level."""
