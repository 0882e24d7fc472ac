"""The bus and threads: the same names with futures, and nothing is lost."""

from __future__ import annotations

import threading

import pytest
from blocks_on_a_bus import Block, Blocks, GetBlock, Plain

from peerbus.actors import (
    EVERYONE,
    LOCAL,
    Actor,
    ActorStopped,
    Bus,
    NoRoute,
    NoSuchReactor,
    PeerbusError,
    Ref,
    RemoteError,
    Role,
    ShuttingDown,
    handles,
)


def test_threads_see_the_same_names_with_futures() -> None:
    bus = Bus(reactors=[Blocks]).start()
    try:
        assert bus.ask(LOCAL / Blocks, GetBlock(1), reply=Block).get(timeout=10) == Block(1, b"x")
        assert bus.tell(LOCAL / Blocks, GetBlock(2)).get(timeout=10) is None
        with pytest.raises(NoSuchReactor):
            bus.tell(LOCAL / "nobody", 1).get(timeout=10)
        with pytest.raises(RemoteError):
            bus.ask(LOCAL / Blocks, GetBlock(-1)).get(timeout=10)
        with pytest.raises(NoRoute):
            bus.ask(Role("none") / Blocks, GetBlock(1)).get(timeout=10)
        assert len(bus.ask(EVERYONE / Blocks, GetBlock(1)).get(timeout=10)) == 0
        ref: Ref[Plain] = bus.spawn(Plain)
        assert ref.ask(5, timeout=10) == 5
        with pytest.raises(ValueError, match="-5"):
            ref.ask(-5, timeout=10)
        with pytest.raises(ValueError, match="already"):
            bus.spawn(Plain, name="blocks")
        with pytest.raises(PeerbusError, match="runs already"):
            bus.start()
        assert ref.stop(timeout=10) is True
        with pytest.raises(ActorStopped):
            ref.tell(1)
    finally:
        bus.stop()
    bus.stop()
    for send in (bus.tell, bus.ask):
        with pytest.raises(ShuttingDown):
            send(LOCAL / Blocks, GetBlock(1)).get(timeout=10)
    with pytest.raises(ShuttingDown):
        bus.spawn(Plain)


def test_many_threads_tell_and_nothing_is_lost() -> None:
    class Counts(Actor):
        mailbox_limit = 64

        def __init__(self) -> None:
            super().__init__()
            self.sum = 0

        @handles(int)
        async def add(self, message: int) -> None:
            self.sum += message

        @handles(str)
        def get(self, _: str) -> int:
            return self.sum

    bus = Bus().start()
    try:
        ref = bus.spawn(Counts)

        def send() -> None:
            for _ in range(500):
                ref.tell(1, timeout=60)

        threads = [threading.Thread(target=send) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert ref.ask("", timeout=30) == 3_000
        stats = ref.statistics()
        assert stats.sent == stats.delivered == 3_001
        assert not stats.failed
    finally:
        bus.stop()


def test_two_buses_in_two_threads_ask_each_others_actors() -> None:
    class Asks(Actor):
        def __init__(self, other: Ref[Plain]) -> None:
            super().__init__()
            self.other = other

        @handles(int)
        async def forward(self, message: int) -> object:
            return await self.ask(self.other, message)

    one, two = Bus("one").start(), Bus("two").start()
    try:
        asks = one.spawn(Asks, two.spawn(Plain))
        assert asks.ask(7, timeout=10) == 7
    finally:
        one.stop()
        two.stop()
