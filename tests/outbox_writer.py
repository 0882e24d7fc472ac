"""An outbox with lanes, and what is written of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from some_frames import copied

from peerbus.actors.base.errors import SendError
from peerbus.transports.lanes.batch import Outgoing
from peerbus.transports.lanes.lane_turn import LaneTurn, ReplyLane
from peerbus.transports.lanes.out_lane import OutLane
from peerbus.transports.lanes.outbox import Outbox
from peerbus.transports.lanes.pacing import FIRST_TOKEN
from peerbus.transports.lanes.request_ids import RequestIds
from peerbus.transports.wire.frame_decoder import FrameDecoder
from peerbus.transports.wire.frames import FRAME_LIMIT, Frame, Part, Ping
from peerbus.transports.wire.hello import ChannelInfo
from peerbus.transports.wire.parts import REASSEMBLY_BUDGET, Reassembler

LIMIT = 64 * 1024


LARGEST = 16 << 20


def info(name: str, priority: int = 5, messages: int = 1 << 20, size: int = 1 << 30) -> ChannelInfo:
    return ChannelInfo(
        name=name,
        types=("Note",),
        schema=bytes(16),
        messages=messages,
        bytes=size,
        max_message=LARGEST,
        priority=priority,
    )


@dataclass
class Writer:
    """An outbox with lanes, and what it has written."""

    priorities: tuple[int, ...]
    frames: list[Frame] = field(default_factory=list)
    expired: list[object] = field(default_factory=list)
    #: Nobody answers the pacer's probes; they are kept.
    far: bool = False
    probes: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.now = 0.0
        self.outbox = Outbox(RequestIds(), self._expired)
        self.lanes = [
            OutLane(index, info(f"c{index}", priority), None, self._wake)
            for index, priority in enumerate(self.priorities)
        ]
        self.turns = [LaneTurn(lane, lane.info.priority) for lane in self.lanes]
        self.answers = [ReplyLane(index) for index in range(len(self.priorities))]
        self.reply_turns = [LaneTurn(lane, self.priorities[lane.index]) for lane in self.answers]
        self.decoder = FrameDecoder(FRAME_LIMIT)
        self.parts = Reassembler(lambda lane: LARGEST + 64)
        self.sizes: list[int] = []

    def _expired(self, lane: OutLane, outgoing: Outgoing, error: SendError) -> None:
        self.expired.append(outgoing.message)
        lane.take_back(outgoing, error)

    def _wake(self, lane: OutLane) -> None:
        self.outbox.wake(self.turns[lane.index])

    def tell(self, lane: int, size: int, message: object = None) -> None:
        assert self.lanes[lane].accept(1, 0, bytes(size), message, None) is not None
        self.outbox.wake(self.turns[lane])

    def answer(self, lane: int, size: int, rid: int = 1) -> None:
        self.answers[lane].queue.append((rid, 1, bytes(size)))
        self.answers[lane].queued_bytes += size
        self.outbox.wake(self.reply_turns[lane])

    def fill(self, limit: int = LIMIT) -> list[Frame]:
        """One turn's frames; bodies in parts stay in parts, but are put together and checked."""
        chunks = self.outbox.fill(self.now, limit)
        self.sizes.append(sum(map(len, chunks)))
        frames = []
        for frame in map(copied, self.decoder.feed(b"".join(chunks))):
            if isinstance(frame, Ping) and frame.token >= FIRST_TOKEN:
                if self.far:
                    self.probes.append(frame.token)
                else:
                    assert self.outbox.pacer.heard(frame.token, self.now)
                continue
            frames.append(frame)
            whole = self.parts.add(frame) if isinstance(frame, Part) else frame
            if whole is not None:
                self.frames.append(copied(whole))
        assert self.parts.pending <= REASSEMBLY_BUDGET
        return frames

    def drain(self) -> None:
        while self.outbox:
            self.fill()
            assert self.sizes[-1], "there is something to write, and nothing is written"
