"""The lanes to one peer's reactors: by name as long as the reactor runs, by number for as long as the connection."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from sys import getsizeof

from ...actors.base import ProtocolError, SendError, get_logger
from ...actors.engine import Load
from ...actors.mailbox import Account, Books, Side
from ..lanes import LaneStatistics, LaneTurn, Outgoing, OutLane, WindowShare
from ..wire import ChannelCodec, ChannelInfo, Codecs, WindowFrame, body_limit

__all__ = ["OF_LANE", "OutLanes", "overlooked_on"]

#: Names of the bus's own channels begin so.
OWN = "peerbus."
#: Bytes of memory for a lane, its place in the rounds and in tables, beside the names of its messages.
OF_LANE = 8 << 10

log = get_logger("peerbus.transports")


class OutLanes:
    """Those of one connection. `node`, `peer_id`: for the log; `side`: where the ledger has what is sent."""

    __slots__ = ("_codecs", "_node", "_peer_id", "_side", "_weighed", "by_index", "by_name", "share", "turns", "weight")

    def __init__(self, codecs: Codecs, node: str, peer_id: str, side: Side = Side.REMOTE) -> None:
        self._codecs = codecs
        self._node = node
        self._peer_id = peer_id
        self._side = side
        #: Those of the reactors that the peer runs.
        self.by_name: dict[str, OutLane] = {}
        #: All that were ever opened, by their number, and their places in the rounds of the outbox.
        self.by_index: list[OutLane] = []
        self.turns: list[LaneTurn] = []
        #: What windows may grow by: what is accepted here and does not leave yet takes this node's memory.
        self.share = WindowShare()
        #: Bytes of memory, as one estimates it, for the lanes that are here by the peer's will alone: to reactors that
        #: nobody here has, and those that are closed, which stand there for good. And for what a peer that declares a
        #: channel otherwise has declared there, where that is more than the lane itself takes.
        self.weight = 0
        self._weighed: dict[int, int] = {}

    def open(
        self,
        index: int,
        info: ChannelInfo,
        wake: Callable[[OutLane], object],
        alone: Callable[[], bool],
        clock: Callable[[], float],
        encode: Callable[[OutLane, Outgoing], SendError | None],
    ) -> None:
        """The peer has a reactor (more). `wake`, `alone`, `clock`, `encode`: see `OutLane`.

        Raises ProtocolError where the peer does not follow its list.
        """
        if index != len(self.by_index):
            raise ProtocolError("unknown_channel", f"opened channel {index}, the next one is {len(self.by_index)}")
        if info.name in self.by_name:
            raise ProtocolError("bad_field", f"channel {info.name!r} is open already")
        codec = self._codecs.towards(info.name, info.schema) or self._codecs.get(info.name)
        lane = OutLane(index, info, codec, wake)
        lane.alone, lane.clock, lane.encode = alone, clock, encode
        self.by_index.append(lane)
        self.turns.append(LaneTurn(lane, info.priority))
        self.by_name[info.name] = lane
        self._weigh(lane)

    def close(self, index: int) -> OutLane | None:
        """The peer's reactor is gone; returns its lane, None where it was gone before. Raises ProtocolError."""
        lane = self.at(index)
        if self.by_name.get(lane.info.name) is not lane:
            return None
        del self.by_name[lane.info.name]
        self._weigh(lane)
        return lane

    def _weigh(self, lane: OutLane) -> None:
        held = 0 if lane.codec is None else lane.codec.memory
        if lane.known and self.by_name.get(lane.info.name) is lane:
            held = max(0, held - OF_LANE)
        else:
            held += OF_LANE + sum(map(getsizeof, lane.info.types))
        before = self._weighed.get(lane.index, 0)
        if held != before:
            self._weighed[lane.index] = held
            self.weight += held - before

    def differs(self, lane: OutLane, why: str) -> None:
        """Nothing can be sent on that lane: what the peer declares on it is not known. Tell the operator."""
        log.warning(
            "channel differs, nothing can be sent on it",
            node=self._node,
            peer=self._peer_id,
            channel=lane.info.name,
            peers_types=lane.info.types,
            why=why,
        )

    def agree(self, lane: OutLane, codec: ChannelCodec) -> None:
        """What the peer declares on a lane is known, and this is sent."""
        lane.speak(codec)
        self._weigh(lane)
        refusals = codec.refusals
        if refusals:
            (log.info if codec.numbers else log.warning)(
                "some messages cannot be sent" if codec.numbers else "no message can be sent",
                node=self._node,
                peer=self._peer_id,
                channel=lane.info.name,
                why=refusals,
            )

    def why_not(self, reactor: str, name: str) -> str:
        """Why a message of that name cannot be sent, or asked; empty where it can be, or nothing is known."""
        lane = self.by_name.get(reactor)
        if lane is None:
            return ""
        return lane.refused or ("" if lane.codec is None else lane.codec.refusals.get(name, ""))

    def at(self, index: int) -> OutLane:
        """The lane of that number. Raises ProtocolError for one that is not there."""
        if index >= len(self.by_index):
            raise ProtocolError("unknown_channel", f"channel {index} of {len(self.by_index)}")
        return self.by_index[index]

    def resized(self, frame: WindowFrame) -> None:
        """The peer has made a window larger, or smaller. Raises ProtocolError for one below what it announced."""
        lane = self.at(frame.channel)
        window, wanted = lane.window, (frame.messages, frame.bytes)
        if wanted[0] < window.announced[0] or wanted[1] < window.announced[1]:
            raise ProtocolError("bad_field", f"a window of {wanted[0]} messages, {wanted[1]} bytes for {window!r}")
        window.resize(*self.share.move(window.announced, window.whole, wanted))
        lane.admit()

    def wants(self, number: int) -> bool:
        """Whether a body on a lane is to be kept: an answer on a lane of which no ask is open is not, unless what
        comes compressed behind it cannot be read without it.
        """
        at = number // 2
        return number % 2 == 0 or self.by_index[at].open_asks > 0 or self.turns[at].squeezer is not None

    def limit_of_reply_lane(self, number: int) -> int:
        """The largest body on a lane of answers. Raises ProtocolError for one that is not there."""
        if number // 2 >= len(self.by_index):
            raise ProtocolError("unknown_lane", f"lane {number}")
        return body_limit(self.by_index[number // 2].info.max_message)

    @property
    def holding(self) -> bool:
        """What was accepted is held back, behind what another connection carries."""
        return any(turn.held and turn.busy for turn in self.turns)

    @property
    def understood(self) -> bool:
        """Something can be sent on some channel that both declare, if they have one in common at all."""
        known = [each for each in self.by_name.values() if each.known and not each.info.name.startswith(OWN)]
        return not known or any(each.awaited or (each.codec is not None and each.codec.numbers) for each in known)

    def awaits(self, reactor: str) -> bool:
        """As `Link.awaits`."""
        lane = self.by_name.get(reactor)
        return lane is not None and lane.awaited

    @property
    def unconfirmed(self) -> bool:
        """Something was written, and credit for it is not back."""
        return any(lane.unconfirmed for lane in self.by_index)

    def overlooked(self) -> str | None:
        """As `overlooked_on`, of any lane."""
        found = (overlooked_on(lane) for lane in self.by_name.values())
        return next((text for text in found if text is not None), None)

    def load(self, reactor: str, now: float, rtt: float) -> Load:
        """As `Link.load`: of this reactor alone, as asks to others of the same peer may take long for other reasons."""
        lane = self.by_name.get(reactor)
        if lane is None:
            return Load(0)
        latency = lane.latency
        return Load(lane.open_asks + lane.backlog, latency.seconds, latency.weight(now), rtt, latency.least(now))

    def sent(self) -> int:
        """Messages that were sent by all of them."""
        return sum(lane.sent for lane in self.by_index)

    def settle(self, books: Books) -> None:
        """The connection has ended: keep the accounts, and count there what is still tried on it."""
        books.close(self)
        for lane in self.by_index:
            self.share.move(lane.window.announced, lane.window.whole, lane.window.announced)
            lane.tally = books.tally(self._side, lane.info.name)

    def accounts(self) -> Iterator[tuple[Side, str, Account]]:
        """What became of all that was sent, also to reactors of the peer that have stopped."""
        for lane in self.by_index:
            if lane.sent:
                yield self._side, lane.info.name, lane.account

    def add_credit(self, sums: dict[str, list[int]], name: Callable[[str], str]) -> None:
        """Add, to the sum of each channel, messages and bytes that may go now, and sends that wait for more.

        `name`: under which name a channel is counted.
        """
        for channel, lane in self.by_name.items():
            key = name(channel)
            total = sums.get(key) or sums.setdefault(key, [0, 0, 0])
            total[0] += lane.window.messages
            total[1] += max(lane.window.bytes, 0)
            total[2] += lane.waiting

    def statistics(self) -> dict[str, LaneStatistics]:
        """Credit and queues by reactor."""
        return {name: lane.statistics() for name, lane in self.by_name.items()}


def overlooked_on(lane: OutLane) -> str | None:
    """Which senders wait although there is credit; None at every rest. For tests, and to see why nothing moves."""
    if lane.waiters and not lane.suspended and not lane.awaited:
        outgoing = lane.waiters.first().envelope
        assert isinstance(outgoing, Outgoing)
        if lane.window.has_room(len(outgoing.payload)):
            return f"{len(lane.waiters)} wait for {lane.info.name!r}, and there is credit: {lane.window!r}"
    return None
