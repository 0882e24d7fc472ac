"""What the two sides of a connection tell each other of channels that they declare differently: once, and no more.

Law 1. A side asks for the description of a channel where it has one of that name itself, with another hash, and has
       not seen that hash before. Where hashes are equal nothing is asked.
Law 2. It asks only who says that it understands the question (`schemas`), once for each channel of a connection, and
       for a few at a time, as what answers is not small.
Law 3. A description that has not the hash which was announced, or that nobody asked for, breaks the protocol. One
       that cannot be read keeps messages off its channel, and nothing else.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from ...actors.base import ProtocolError, get_logger
from ..lanes import InLane, Outbox, OutLane, Writer
from ..sending import OutLanes
from ..wire import DESCRIBE_LIMIT, SCHEMAS, Codecs, Describe, DescriptionFrame, Hello, WrongHash

__all__ = ["Descriptions"]

log = get_logger("peerbus.transports")


class Descriptions:
    """Those of one connection, on the loop's thread. `arrived` is called when one that was asked for is there."""

    __slots__ = ("_asked", "_codecs", "_given", "_lanes", "_own", "_queue", "_speaks", "_writer", "arrived", "outbox")

    def __init__(
        self, peer: Hello, codecs: Codecs, lanes: OutLanes, own: list[InLane], outbox: Outbox, writer: Writer
    ) -> None:
        self._speaks = SCHEMAS in peer.features
        self._codecs = codecs
        self._lanes = lanes
        self._own = own
        self._writer = writer
        #: What takes the frames.
        self.outbox = outbox
        #: Lanes whose descriptions are on their way, and those that are asked for when some of these have come.
        self._asked: dict[int, OutLane] = {}
        self._queue: deque[OutLane] = deque()
        #: Channels of this node that were described to the peer.
        self._given: set[int] = set()
        self.arrived: Callable[[], None] = _nobody

    @property
    def pending(self) -> bool:
        """Some have not come yet."""
        return bool(self._asked or self._queue)

    def look(self) -> None:
        """Ask for what is lacking, of all that the peer runs."""
        for lane in self._lanes.by_name.values():
            self._lacks(lane)
        self._ask()

    def want(self, lane: OutLane) -> None:
        """Ask for what the peer declares on a lane, where that is lacking."""
        self._lacks(lane)
        self._ask()

    def _lacks(self, lane: OutLane) -> None:
        if lane.codec is not None or lane.awaited or self._codecs.get(lane.info.name) is None:
            return
        codec = self._codecs.towards(lane.info.name, lane.info.schema)
        if codec is not None:
            self._lanes.agree(lane, codec)
        elif lane.refused:
            return
        elif self._speaks:
            lane.known = lane.awaited = True
            self._queue.append(lane)
        else:
            lane.known, lane.refused = True, "it cannot describe them, so they have to be the same"
            self._lanes.differs(lane, lane.refused)

    def _ask(self) -> None:
        room = DESCRIBE_LIMIT - len(self._asked)
        if not self._queue or room <= 0:
            return
        some = [self._queue.popleft() for _ in range(min(room, len(self._queue)))]
        self._asked |= {lane.index: lane for lane in some}
        self.outbox.control(Describe([lane.index for lane in some]))
        self._writer.schedule()

    # By the peer. They raise ProtocolError.

    def asked(self, frame: Describe) -> None:
        """The peer asks for descriptions."""
        for index in frame.indexes:
            if index >= len(self._own):
                raise ProtocolError("unknown_channel", f"channel {index} of {len(self._own)}")
            if index in self._given:
                raise ProtocolError("bad_field", f"channel {index} was described before")
            self._given.add(index)
            self.outbox.control(DescriptionFrame(index, self._own[index].codec.described.data))
        self._writer.schedule()

    def described(self, frame: DescriptionFrame) -> None:
        """The peer describes a channel."""
        lane = self._asked.pop(frame.index, None)
        if lane is None:
            raise ProtocolError("bad_field", f"a description of channel {frame.index} that was not asked for")
        self._ask()
        lane.awaited = False
        try:
            codec = (
                self._codecs.judge(lane.info.name, lane.info.schema, frame.description) if frame.description else None
            )
        except ValueError as error:
            lane.refused = str(error)
        except WrongHash as error:
            raise ProtocolError("bad_field", f"channel {lane.info.name!r}: {error}") from error
        else:
            if codec is not None:
                self._lanes.agree(lane, codec)
            else:
                lane.refused = "it does not describe them"
        if lane.codec is None:
            self._lanes.differs(lane, lane.refused)
        lane.admit()
        self.arrived()

    def end(self) -> None:
        """The connection has ended: keep nothing that points back to its owner."""
        self.arrived = _nobody
        self._asked.clear()
        self._queue.clear()


def _nobody() -> None:
    """The connection has ended."""
