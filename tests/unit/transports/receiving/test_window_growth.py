"""Windows of what a peer sends: told when they grow or shrink, paid for, and given back."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import cast

from kept_writer import KeptWriter

from peerbus.actors import Bus, Channel, Overflow, Reactor, handles
from peerbus.actors.mailbox import Mailbox
from peerbus.actors.messages import DEFAULT_MAILBOX, DEFAULT_MAILBOX_BYTES
from peerbus.transports.lanes import InLane, Outbox, RequestIds, WindowBudget
from peerbus.transports.lanes.in_lane import InSide
from peerbus.transports.lanes.window_tuning import RESTS
from peerbus.transports.receiving.window_growth import WindowGrowth, mailbox_behind
from peerbus.transports.wire import FrameDecoder, WindowFrame
from peerbus.transports.wire.frames import FRAME_LIMIT
from peerbus.transports.wire.payload import ChannelCodec


@dataclass(frozen=True)
class Put:
    number: int


CODEC = ChannelCodec(Channel("store", messages=(Put,), window=1024, window_bytes=1 << 20))
ANNOUNCED = (1024, 1 << 20)


class Clock:
    """In place of a loop: its time."""

    def __init__(self) -> None:
        self.now = 0.0

    def time(self) -> float:
        return self.now


class Scene:
    """The windows of one lane at a round trip of 0.1 s."""

    def __init__(self, *, understood: bool = True, budget: int = 1 << 27) -> None:
        self.clock = Clock()
        self.outbox = Outbox(RequestIds(), lambda lane, outgoing, error: None)
        self.outbox.pacer.tripped(0.1, 0.0)
        self.budget = WindowBudget(budget)
        loop = cast("asyncio.AbstractEventLoop", self.clock)
        self.growth = WindowGrowth(loop, self.outbox, KeptWriter(), self.budget.share(), understood=understood)
        self.beats = 7
        self.growth.last_beat = lambda: self.beats
        self.lane = InLane(cast("InSide", None), 3, CODEC.info, CODEC)

    def take(self, messages: int, seconds: float) -> None:
        """The reactor takes messages of 100 bytes; that took so long."""
        self.clock.now += seconds
        self.growth.took(self.lane, (messages, messages * 100))

    def told(self) -> list[WindowFrame]:
        data = b"".join(map(bytes, self.outbox.fill(0.0, 1 << 16)))
        return [frame for frame in FrameDecoder(FRAME_LIMIT).feed(data) if isinstance(frame, WindowFrame)]

    def grow(self) -> None:
        self.take(1000, 0.0)
        self.take(1000, 0.1)


def test_a_window_that_binds_grows_and_the_peer_is_told() -> None:
    scene = Scene()
    scene.grow()
    (frame,) = scene.told()
    assert (frame.channel, frame.messages, frame.bytes) == (3, 3000, 1 << 20)
    assert scene.lane.window.whole == (3000, 1 << 20)


def test_a_peer_that_does_not_read_window_keeps_what_was_announced() -> None:
    scene = Scene(understood=False)
    scene.grow()
    assert scene.told() == []
    assert scene.lane.window.whole == ANNOUNCED


def test_within_a_machine_nothing_grows_however_long_heartbeats_take() -> None:
    scene = Scene()
    scene.outbox.pacer.local = True
    scene.grow()
    assert scene.told() == []
    assert scene.lane.window.whole == ANNOUNCED


def test_a_node_without_room_lets_nothing_grow() -> None:
    scene = Scene(budget=0)
    scene.grow()
    assert scene.told() == []


def test_a_window_that_shrinks_is_the_larger_one_until_the_peer_has_read_that() -> None:
    scene = Scene()
    scene.grow()
    for _ in range(2500):
        scene.lane.window.receive(100)
    scene.take(10, 1.0)
    frames = scene.told()
    assert [(frame.messages, frame.bytes) for frame in frames][1:] == [(1025, 1 << 20)]
    assert scene.lane.window.whole == (3000, 1 << 20)
    scene.lane.window.receive(100)
    scene.growth.ponged(7)
    assert scene.lane.window.whole == (3000, 1 << 20), "that heartbeat went before it was told"
    scene.growth.ponged(8)
    assert scene.lane.window.whole == (1025, 1 << 20)
    assert scene.budget.left == (1 << 27) - scene.lane.heaviest.each


def test_a_window_that_nothing_comes_through_is_given_back() -> None:
    scene = Scene()
    scene.grow()
    scene.growth.beat([scene.lane])
    assert scene.lane.told == (3000, 1 << 20)
    scene.clock.now += RESTS + 1
    scene.growth.beat([scene.lane])
    scene.growth.ponged(8)
    assert scene.lane.window.whole == ANNOUNCED


def test_a_window_that_grows_again_before_the_peer_has_read_that_it_shrank_stays_large() -> None:
    scene = Scene()
    scene.grow()
    scene.clock.now += RESTS + 1
    scene.growth.beat([scene.lane])
    scene.take(1000, 0.1)
    scene.take(1000, 0.1)
    scene.take(1000, 0.1)
    assert scene.lane.told[0] >= 3000
    scene.growth.ponged(8)
    assert scene.lane.window.whole == scene.lane.told


def test_the_end_of_a_connection_gives_all_back() -> None:
    scene = Scene()
    scene.grow()
    scene.growth.end([scene.lane])
    assert scene.budget.left == 1 << 27
    scene.grow()
    assert scene.lane.window.whole == ANNOUNCED


def test_the_mailbox_has_room_for_what_the_window_has_grown_by_for_as_long() -> None:
    scene, mailbox = Scene(), Mailbox()
    scene.growth.mailbox_of = lambda lane: mailbox
    scene.grow()
    assert (mailbox.limit, mailbox.byte_limit) == (DEFAULT_MAILBOX + 3000 - 1024, DEFAULT_MAILBOX_BYTES)
    assert mailbox.room_for(mailbox.limit, 0)
    scene.growth.end([scene.lane])
    assert mailbox.limit == DEFAULT_MAILBOX
    assert not mailbox.room_for(mailbox.limit + 1, 0)


def test_a_mailbox_that_is_smaller_than_the_window_that_was_announced_stays_as_it_is() -> None:
    scene, mailbox = Scene(), Mailbox(16)
    scene.growth.mailbox_of = lambda lane: mailbox
    scene.grow()
    assert (mailbox.limit, scene.lane.window.whole[0]) == (16, 3000)


class Quiet(Reactor):
    channel = Channel("quiet", messages=(Put,))

    @handles(Put)
    def put(self, _: Put) -> None:
        """It is no matter here."""


class Threaded(Quiet):
    channel = Channel("threaded", messages=(Put,))
    dispatcher = "thread"


class Dropping(Quiet):
    channel = Channel("dropping", messages=(Put,), overflow=Overflow.DROP_OLDEST)


async def test_only_a_mailbox_of_the_loop_whose_senders_wait_is_made_larger() -> None:
    async with Bus("test") as bus:
        for reactor in (Quiet, Threaded, Dropping):
            bus.spawn(reactor)
        found = {}
        for name in ("quiet", "threaded", "dropping", "nobody"):
            codec = ChannelCodec(Channel(name, messages=(Put,)))
            found[name] = mailbox_behind(bus, InLane(cast("InSide", None), 0, codec.info, codec)) is not None
        assert found == {"quiet": True, "threaded": False, "dropping": False, "nobody": False}
