"""What one connection makes the node hold, and what becomes of that."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

import pytest

from peerbus.actors import Channel
from peerbus.actors.mailbox import Envelope, Mailbox
from peerbus.transports.connection.holding import Holding
from peerbus.transports.connection.peer_memory import PeerMemory
from peerbus.transports.lanes import InLane
from peerbus.transports.wire import ChannelCodec

PEER = "p" * 64


@dataclass(frozen=True)
class Light:
    data: bytes


@dataclass(frozen=True)
class Lists:
    items: list[list[int]]


class Scene:
    """A lane of two kinds of messages into one mailbox, and the memory that counts it."""

    def __init__(self, *, thread: int = 1) -> None:
        self.mailbox = Mailbox()
        self.mailbox.owner = thread
        self.side = cast("Any", SimpleNamespace(release=self._release, call=lambda action: action(), emptied=int))
        codec = ChannelCodec(Channel("c", messages=(Light, Lists), window_bytes=64 << 20, window=10_000))
        self.lane = InLane(self.side, 0, codec.info, codec)
        self.side.lanes = [self.lane]
        self.reader = cast("Any", SimpleNamespace(holds=0, bytes_received=0))
        self.posted: list[Any] = []
        cell: Any = SimpleNamespace(mailbox=self.mailbox, post=self.posted.append)
        cell.each = lambda: (cell,)
        bus: Any = SimpleNamespace(thread=1, cell=lambda name: cell)
        self.memory = PeerMemory(32 << 20)
        self.cuts: list[str] = []
        self.unread = 0
        self.holding = Holding(bus, self.memory, PEER, self.side, self.reader, lambda: self.unread, self._cut)

    def _release(self, lane: InLane, messages: int, size: int) -> None:
        lane.window.release(size, messages)
        self.side.emptied()

    def _cut(self, reason: str, text: str) -> None:
        self.cuts.append(reason)
        self.holding.end()

    def comes(self, message: object, size: int) -> None:
        self.lane.window.receive(size)
        self.mailbox.offer(Envelope(message, source=PEER, size=size, carrier=self.lane))


def test_messages_count_as_what_they_take_in_memory_and_by_their_own_type() -> None:
    scene = Scene()
    for _ in range(10):
        scene.comes(Light(b""), 1 << 18)
    scene.holding.look()
    assert 2 << 20 < scene.memory.total < 4 << 20
    scene.comes(Lists([]), 1 << 16)
    scene.holding.look()
    assert 7 << 20 < scene.memory.total < 12 << 20


def test_parts_and_answers_count_as_they_are() -> None:
    scene = Scene()
    scene.reader.holds, scene.unread = 1000, 500
    scene.holding.look()
    assert scene.memory.total == 1500


@pytest.mark.parametrize("thread", [1, 2], ids=["loop", "thread"])
def test_too_much_ends_the_connection_and_lets_go_of_what_waits(thread: int) -> None:
    scene = Scene(thread=thread)
    for _ in range(20):
        scene.comes(Lists([]), 1 << 16)
    scene.holding.look()
    assert scene.cuts == ["peer_memory"]
    for action in scene.posted:
        action()
    assert scene.mailbox.queued == 0
    assert scene.memory.total == 0


def test_what_waits_counts_until_it_is_taken_also_after_the_end() -> None:
    scene = Scene()
    for _ in range(4):
        scene.comes(Lists([]), 1 << 16)
    scene.holding.look()
    held = scene.memory.total
    assert held > 1 << 20
    scene.holding.end()
    assert scene.memory.total == held
    while scene.mailbox.take() is not None:
        pass
    assert scene.memory.total == 0
    scene.holding.look()
    assert scene.memory.total == 0
