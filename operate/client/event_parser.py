"""Server-sent events out of bytes (WHATWG HTML, 9.2.6 "Interpreting an event stream"). No socket, no clock."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["EventParser", "SentEvent"]

#: Bytes that one event may have; a node's have some hundred.
LARGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class SentEvent:
    """One event: its kind (`message` where none was sent), its data, and the last id that was sent by then."""

    kind: str
    data: str
    last_id: str


class EventParser:
    """Bytes in, whole events out. Lines end with CR LF, LF or CR, and may be cut anywhere."""

    def __init__(self) -> None:
        #: What to send as `Last-Event-ID`.
        self.last_id: str = ""
        #: Milliseconds to wait before one connects again, as the other side said; None: it did not.
        self.retry: int | None = None
        self._rest = b""
        self._kind = ""
        self._id = ""
        self._data: list[str] = []
        self._size = 0
        self._first = True

    def feed(self, data: bytes) -> list[SentEvent]:
        """The events that are whole now. Raises ValueError for one of more than 1 MiB."""
        data = self._rest + data
        found = []
        # A CR at the end may be the first half of CR LF.
        held = b"\r" if data.endswith(b"\r") else b""
        lines = data.removesuffix(held).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._rest = lines.pop() + held
        if len(self._rest) > LARGEST:
            raise ValueError(f"an event has more than {LARGEST} bytes")
        for line in lines:
            event = self._line(line)
            if event is not None:
                found.append(event)
        return found

    def _line(self, line: bytes) -> SentEvent | None:
        if not line:
            return self._whole()
        text = line.decode("utf-8", "replace")
        if self._first:
            text, self._first = text.removeprefix("\ufeff"), False
        name, _, value = text.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "event":
                self._kind = value
            case "data":
                self._size += len(line)
                if self._size > LARGEST:
                    raise ValueError(f"an event has more than {LARGEST} bytes")
                self._data.append(value)
            case "id" if "\0" not in value:
                self._id = value
            case "retry" if value.isascii() and value.isdigit() and len(value) < 10:
                self.retry = int(value)
            case _:
                pass  # a comment, or a field that nobody knows
        return None

    def _whole(self) -> SentEvent | None:
        self.last_id = self._id
        kind, data = self._kind or "message", self._data
        self._kind, self._data, self._size = "", [], 0
        return SentEvent(kind, "\n".join(data), self.last_id) if data else None
