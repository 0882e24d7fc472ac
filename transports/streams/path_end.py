"""One end of a stream over a path of the network: where it is, what its path takes, and what became of it."""

from __future__ import annotations

from collections.abc import Callable

from .endpoint import Endpoint
from .path_size import TcpPath

__all__ = ["PathEnd"]


class PathEnd:
    """What the streams over sockets have in common: `Narrowing`, `Provisional`, and the two places of `Stream`."""

    def __init__(self) -> None:
        #: What it goes over; set by the transport. None: nothing that could be too narrow.
        self.path: TcpPath | None = None
        #: Called with what became of it, once; set by the listener that it came from.
        self.on_settled: Callable[[str], None] | None = None
        self._local: Endpoint | None = None
        self._remote: Endpoint | None = None
        self._closed = False

    @property
    def local(self) -> Endpoint:
        """As `Stream.local`."""
        assert self._local is not None  # `place` precedes every hand-over
        return self._local

    @property
    def remote(self) -> Endpoint:
        """As `Stream.remote`."""
        assert self._remote is not None  # `place` precedes every hand-over
        return self._remote

    def looks_narrow(self) -> bool:
        """As `Narrowing.looks_narrow`."""
        if self.path is None:
            return False
        return self.path.looked_narrow if self._closed else self.path.looks_narrow()

    def too_wide(self) -> bool:
        """As `Narrowing.too_wide`."""
        return self.path is not None and self.path.too_wide()

    async def apart(self) -> None:
        """As `Narrowing.apart`."""
        if self.path is not None:
            await self.path.apart()

    def narrow(self) -> None:
        """As `Narrowing.narrow`."""
        if self.path is not None:
            self.path.narrow()

    def settle(self, reason: str = "") -> None:
        """As `Provisional.settle`."""
        settled, self.on_settled = self.on_settled, None
        if settled is not None:
            settled(reason)
