"""Whether the path of a connection at work drops large packets: looked at from time to time, and told at its end."""

from __future__ import annotations

from ..streams import NARROW, Narrowing, Stream
from .pulse import SILENT

__all__ = ["PathWatch"]

#: Ends of a connection that such a path may have.
_LIKE_NARROW = (SILENT, "broken", "closed")


class PathWatch:
    """Of one stream. `narrow`: it looked so at the last look."""

    __slots__ = ("_stream", "narrow")

    def __init__(self, stream: Stream) -> None:
        self._stream = stream if isinstance(stream, Narrowing) else None
        self.narrow = False

    def look(self) -> None:
        """Look now; the end takes the signs away."""
        self.narrow = self._stream is not None and self._stream.looks_narrow()

    def ended(self, reason: str, text: str) -> str:
        """The connection has ended so: the text with what the path has to do with it, where it has."""
        self.narrow = self.narrow and reason in _LIKE_NARROW
        if self._stream is None or not self.narrow:
            return text
        self._stream.narrow()
        return f"{text}; {NARROW}"
