"""Which way a send goes: tells, asks, many tells and watches take the same one, from every thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from peerbus.actors import (
    EVERYONE,
    LOCAL,
    Actor,
    Address,
    Bus,
    Channel,
    GroupAddress,
    NoRoute,
    NoSuchReactor,
    Peer,
    PeerbusError,
    Reactor,
    Role,
    SendError,
    ShuttingDown,
    Terminated,
    handles,
)
from peerbus.testing import Probe


@dataclass(frozen=True)
class Get:
    height: int


class Blocks(Reactor):
    channel = Channel("blocks", messages=(Get,))

    @handles(Get)
    def get(self, get: Get) -> str:
        return f"own {get.height}"


NOBODY = "b" * 64
#: An address that nobody answers to, and what is said of it.
NOWHERE: list[tuple[Address[Any], type[SendError]]] = [
    (LOCAL / "nobody", NoSuchReactor),
    (Peer(NOBODY) / Blocks, NoRoute),
    (Role("archive") / Blocks, NoRoute),
]
#: Every way to send one message, or one of many.
VERBS: dict[str, Callable[[Any, Any], Any]] = {
    "tell": lambda by, to: by.tell(to, Get(1), timeout=1.0),
    "tell many": lambda by, to: by.tell_many(to, [Get(1)], timeout=1.0),
    "ask": lambda by, to: by.ask(to, Get(1), timeout=1.0),
}


async def _error_of(outcome: Any) -> BaseException | None:
    try:
        await outcome
    except SendError as error:
        return error
    return None


@pytest.mark.parametrize(("to", "error"), NOWHERE, ids=lambda value: str(getattr(value, "__name__", value)))
async def test_every_send_says_the_same_of_an_address_that_nobody_answers_to(
    to: Address[Any], error: type[SendError]
) -> None:
    async with Bus() as bus:
        said = set()
        for send in VERBS.values():
            for by in (bus, Probe(bus)):
                found = await _error_of(send(by, to))
                assert type(found) is error
                said.add(_why(found))
            outcome = await asyncio.to_thread(partial(send, bus, to))
            found = await asyncio.to_thread(_error_got, outcome)
            assert type(found) is error
            said.add(_why(found))
        assert len(said) == 1
        assert bus.statistics().failed == {error.reason: 9}


def _why(error: BaseException | None) -> str:
    """What it says of the address, and not of the message, which many tells have not looked at yet."""
    return str(error).partition(" (message 0 of")[0].rpartition(" was not sent to ")[2]


def _error_got(outcome: Any) -> BaseException | None:
    try:
        outcome.get(timeout=10)
    except SendError as error:
        return error
    return None


@pytest.mark.parametrize("verb", VERBS)
async def test_a_bus_that_has_stopped_takes_nothing_from_plain_code_whatever_it_is_for(verb: str) -> None:
    async with Bus(reactors=[Blocks]) as bus:
        ref = bus.spawn(Actor)
    group: GroupAddress[Any] = EVERYONE / Blocks
    for to in (ref, LOCAL / Blocks, Peer(NOBODY) / Blocks, Role("archive") / Blocks, group):
        assert type(await _error_of(VERBS[verb](bus, to))) is ShuttingDown


@pytest.mark.parametrize("verb", VERBS)
def test_a_bus_that_does_not_run_yet_says_so(verb: str) -> None:
    with pytest.raises(PeerbusError, match="does not run: enter it"):
        VERBS[verb](Bus(), LOCAL / Blocks)


async def test_a_watch_finds_nobody_where_a_send_does() -> None:
    class Watcher(Actor):
        def __init__(self) -> None:
            super().__init__()
            self.heard: list[Terminated] = []

        @handles(Terminated)
        def ended(self, message: Terminated) -> None:
            self.heard.append(message)

        @handles(list)
        def watch_all(self, addresses: list[Address[Any]]) -> None:
            for address in addresses:
                self.watch(address)

        @handles(str)
        def told(self, _: str) -> list[Terminated]:
            return self.heard

    one_actor = [to for to, _ in NOWHERE if not isinstance(to.where, Role)]
    async with Bus() as bus:
        watcher = bus.spawn(Watcher)
        await bus.tell(watcher, one_actor)
        heard = await bus.ask(watcher, "told", reply=list[Terminated])
        assert heard == [Terminated(to, error.reason) for to, error in NOWHERE if to in one_actor]


def test_a_thread_tells_an_actor_here_without_the_loop() -> None:
    told, go_on = threading.Event(), threading.Event()

    class Busy(Actor):
        def __init__(self) -> None:
            super().__init__()
            self.got: list[object] = []

        def on_receive(self, message: object) -> object:
            if message == "block":
                told.set()
                assert go_on.wait(10)
            self.got.append(message)
            return self.got

    with Bus(slow_handler=None) as bus:
        ref = bus.spawn(Busy, name="busy")
        bus.tell(ref, "block").get()
        assert told.wait(10)
        try:  # the loop stands still, and these are accepted all the same
            bus.tell(ref, 1).get()
            bus.tell(LOCAL / "busy", 2).get()
            assert bus.tell_many(LOCAL / "busy", [3, 4]).get() == 2
        finally:
            go_on.set()
        assert bus.ask(LOCAL / "busy", 5).get(timeout=10) == ["block", 1, 2, 3, 4, 5]


#: Every way to send, with what is no address.
WRONG_SENDS: dict[str, Callable[[Any, Any], object]] = {
    "tell": lambda by, to: by.tell(to, Get(1)),
    "tell that waits": lambda by, to: by.tell(to, Get(1), wait_for_peer=True),
    "tell too late": lambda by, to: by.tell(to, Get(1), timeout=-1),
    "tell many": lambda by, to: by.tell_many(to, [Get(1)]),
    "ask": lambda by, to: by.ask(to, Get(1)),
    "ask that waits": lambda by, to: by.ask(to, Get(1), wait_for_peer=True),
    "hedged ask": lambda by, to: by.ask(to, Get(1), hedge=1),
    "ask with a quorum": lambda by, to: by.ask(to, Get(1), quorum=1),
    "ask too late": lambda by, to: by.ask(to, Get(1), timeout=-1),
}


@pytest.mark.parametrize("to", ["blocks", None, Role("archive"), Blocks, Blocks.channel, LOCAL], ids=repr)
@pytest.mark.parametrize("way", WRONG_SENDS)
async def test_what_is_no_address_is_refused_in_one_sentence_on_every_way_to_send(way: str, to: object) -> None:
    async with Bus(reactors=[Blocks]) as bus:
        for by in (bus, Probe(bus)):
            with pytest.raises(TypeError, match="is no address"):
                WRONG_SENDS[way](by, to)
        found = await asyncio.to_thread(_raised_by, partial(WRONG_SENDS[way], bus, to))
        assert isinstance(found, TypeError)
        assert "is no address" in str(found)


def _raised_by(call: Callable[[], object]) -> BaseException | None:
    try:
        call()
    except BaseException as error:  # noqa: BLE001  # it is looked at
        return error
    return None
