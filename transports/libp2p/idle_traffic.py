"""What a connection receives that carries nothing: paid for by what does, and by time, as for TLS in `tls_session`.

A frame of yamux without data costs its reader some microseconds, and nothing in the protocol limits them: pings, grants
of a byte, streams that are opened and dropped. HTTP/2 had the same (CVE-2019-9512, CVE-2023-44487).
"""

from __future__ import annotations

from typing import Final

__all__ = ["AROUND", "STREAM_COST", "IdleTraffic"]

#: Bytes that may come at once and carry nothing, and those that are forgiven in a second: a keep-alive has 30.
IDLE_BYTES: Final = 48 * 1024
FORGIVEN: Final = 1024.0
#: What a sealed message that carries something has around it, and one grant beside it.
AROUND: Final = 64
#: What a stream that the other side opens counts: it costs as much as a dozen frames.
STREAM_COST: Final = 512


class IdleTraffic:
    """The account of one connection."""

    __slots__ = ("_bytes", "_since")

    def __init__(self, now: float) -> None:
        self._bytes = 0.0
        self._since = now

    def came(self, size: int) -> bool:
        """`size` bytes came, less what they carried; below 0 where these pay for others. True: ask `check`."""
        idle = self._bytes + size
        self._bytes = idle if idle > 0 else 0.0
        return idle > IDLE_BYTES

    def check(self, now: float) -> None:
        """Forgive what time has paid for. Raises ValueError where too much is left."""
        self._bytes = max(0.0, self._bytes - FORGIVEN * (now - self._since))
        self._since = now
        if self._bytes > IDLE_BYTES:
            raise ValueError(f"{self._bytes:.0f} bytes came that carry nothing")
