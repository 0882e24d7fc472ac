"""What one peer makes this node hold, in bytes of memory: messages that wait, bodies in part, answers, its channels.

It outlives the connection for as long as messages of it wait for their reactors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Protocol

from ...actors.base import MailboxFull
from ...actors.engine import Cell
from ...actors.mailbox import Envelope, Mailbox, Weighed
from ..lanes import InLane
from ..receiving import ReceiveSide
from ..streams import source_of
from ..wire import weight_of
from .frame_reader import FrameReader
from .greeting import Greeted
from .peer_memory import PeerMemory

__all__ = ["Holding", "origin_of"]

#: Bytes up to which a lane is taken for what its heaviest messages would weigh; above, its queue is looked through.
ROUGHLY = 2 << 20
#: Why a message was dropped.
DROPPED = "peer_memory"


class HoldingHost(Protocol):
    """The bus."""

    #: The thread of its loop.
    thread: int

    @property
    def cell(self) -> Callable[[str], Cell | None]:
        """Finds an actor by its name."""


class Holding:
    """That of one connection. `beside()`: bytes beside what has come; `cut(reason, text)` ends the connection.

    `origin`: where it comes from, and whether this node has dialed it; see `PeerMemory.share`.
    """

    __slots__ = ("_beside", "_bus", "_cut", "_lanes", "_memory", "_reader", "_receive", "_share", "_source", "due")

    def __init__(
        self,
        bus: HoldingHost,
        memory: PeerMemory,
        source: str,
        receive: ReceiveSide,
        reader: FrameReader,
        beside: Callable[[], int],
        cut: Callable[[str, str], None],
        origin: tuple[object, bool] = (None, False),
    ) -> None:
        self._bus = bus
        self._memory = memory
        self._source = source
        self._receive: ReceiveSide | None = receive
        self._reader: FrameReader | None = reader
        self._lanes: Iterable[InLane] = receive.lanes
        self._beside, self._cut = beside, cut
        self._share = memory.share(self._weigh, self._shed, origin[0], dialed=origin[1])
        #: Look again when that number of bytes has come: at first, as the peer has said by then what it runs.
        self.due = 0

    def look(self) -> None:
        """See what is held now, and whether that is too much for the node."""
        if self._reader is not None:
            self.due = self._reader.bytes_received + self._memory.pause
        self._share.look()

    def grew(self, size: int) -> None:
        """`size` bytes more have come than were read: they were compressed."""
        self.due -= size

    def end(self) -> None:
        """The connection has ended: what is left of it are messages that wait."""
        receive = self._receive
        if receive is None:
            return
        self._lanes = [lane for lane in receive.lanes if lane.window.held[0]]
        receive.emptied = self._emptied
        self._receive = self._reader = None
        self._beside, self._cut = int, _nobody
        self._emptied()

    def _emptied(self) -> None:
        if not any(lane.window.held[0] for lane in self._lanes):
            self._lanes = ()
            self._share.close()

    def _weigh(self) -> int:
        held = self._beside()
        if self._reader is not None:
            held += self._reader.holds
        for lane in self._lanes:
            messages, size = lane.window.held
            if messages:
                held += self._weigh_lane(lane, messages, size)
        return held

    def _weigh_lane(self, lane: InLane, messages: int, size: int) -> int:
        most = lane.info.max_elements
        held = lane.heaviest.of(messages, size, most)
        mailboxes = self._mailboxes(lane)
        if held <= ROUGHLY or not mailboxes or any(each.owner != self._bus.thread for each in mailboxes):
            return held
        # By each message that waits.
        waiting = [one for mailbox in mailboxes for one in mailbox.of_source(self._source)]
        waiting += [arrival.envelope for arrival in lane.arrivals]
        mine = (one for one in waiting if one.carrier is lane or len(mailboxes) > 1)
        return sum(_counted(one) or weight_of(type(one.message)).of(1, one.size, most) for one in mine)

    def _mailboxes(self, lane: InLane) -> list[Mailbox]:
        cell = self._bus.cell(lane.info.name)
        return [] if cell is None else [each.mailbox for each in cell.each()]

    def _shed(self, why: str) -> None:
        """It is the largest: end the connection, and let go of what waits. Dead letters, each of them."""
        lanes = tuple(self._lanes)
        self._cut(DROPPED, why)
        for lane in lanes:
            cell = self._bus.cell(lane.info.name) if lane.window.held[0] else None
            for each in () if cell is None else cell.each():
                if each.mailbox.owner != self._bus.thread:
                    each.post(partial(each.mailbox.shed, self._source, DROPPED))
                    continue
                each.mailbox.shed(self._source, DROPPED)
                for arrival in tuple(lane.arrivals):
                    error = MailboxFull("peers make this node hold more than it may", message=arrival.envelope.message)
                    error.reason = DROPPED
                    if each.mailbox.end_wait(arrival, error):
                        arrival.refused(error)


def origin_of(greeted: Greeted) -> tuple[object, bool]:
    """Where its peer is, None where its carrier has no addresses; and whether this node has dialed it."""
    host = greeted.stream.remote.host
    return (source_of(host) if host else None), greeted.dialed


def _counted(envelope: Envelope) -> int:
    return envelope.weight if isinstance(envelope, Weighed) else 0


def _nobody(reason: str, text: str) -> None:
    """The connection has ended."""
