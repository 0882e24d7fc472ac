"""A connection's writer without a stream: it keeps what goes past the outbox."""

from __future__ import annotations


class KeptWriter:
    """A `peerbus.transports.lanes.frame_writer.Writer`; what goes through the outbox is for the test to take there."""

    def __init__(self) -> None:
        #: Whether frames may go past the outbox.
        self.clear = False
        #: Those that did.
        self.frames: list[bytes] = []
        #: How often it was to write at once, and in the next turn of the loop.
        self.hurried = self.scheduled = 0

    def schedule(self) -> None:
        self.scheduled += 1

    def write(self) -> None:
        self.hurried += 1

    def write_frame(self, frame: bytes) -> None:
        self.frames.append(frame)
