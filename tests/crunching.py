"""Reactors that tests run in the node's own process and in workers of it: in a module, where both find them."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

from peerbus.actors import (
    Address,
    Channel,
    Message,
    Reactor,
    RemoteError,
    Request,
    SendError,
    Stream,
    Terminated,
    handles,
    parse_address,
)


class Pid(Message, Request[int]):
    """Which process runs it?"""


class Add(Message, Request[int]):
    """How much is it together with all before?"""

    number: int


class Total(Message, Request[int]):
    """How much is it?"""


class Fail(Message, Request[int]):
    """Raise this; asked, or told."""

    code: str


class Wait(Message, Request[str]):
    """Wait for so long, and leave a file where that was cancelled."""

    seconds: float
    mark: str = ""


class Hold(Message, Request[int]):
    """Hold the loop for so long."""

    seconds: float


class Kill(Message, Request[int]):
    """End the process by this signal, or by an exit with a status below 0 made positive."""

    signal: int


class Fork(Message, Request[int]):
    """Fork a process that waits, and say which."""


class Relay(Message, Request[str]):
    """Ask that address for its process, and say who has asked, and what came."""

    to: str


class Pass(Message, Request[int]):
    """Tell that address these numbers, and say when they are accepted."""

    to: str
    numbers: tuple[int, ...]


class Look(Message, Request[str]):
    """Watch that address; say what was heard of it until now."""

    at: str


class Blob(Message):
    """Bytes, which come back."""

    data: bytes


class Say(Message):
    """Log this."""

    text: str


class Count(Message, Request[Stream[Blob]]):
    """That many items of that size; raise this behind them, and leave a file where it is cancelled."""

    to: int
    size: int = 1
    error: str = ""
    mark: str = ""


class Store(Message, Request[int]):
    """Bytes come with it: how many did? Stop reading after that many items."""

    most: int = 1 << 30


class Talk(Message, Request[Stream[Blob]]):
    """Bytes come with it, and go back."""


class Read(Message, Request[str]):
    """Read `Count` of that address, a number of items at most: how many bytes came, and what ended it."""

    at: str
    to: int
    size: int = 1
    most: int = 1 << 30
    error: str = ""
    mark: str = ""


class Send(Message, Request[str]):
    """Send `Store` of that address some items of that size, and say what it answers; or talk to it."""

    to: str
    items: int
    size: int = 1
    talks: bool = False
    most: int = 1 << 30


class Round(Message, Request[str]):
    """Ask the next of these addresses the same, and wait for it: it takes nothing else meanwhile."""

    way: tuple[str, ...]
    #: By streams.
    streams: bool = False


class Rounds(Message, Request[Stream[str]]):
    """The same, answered in items."""

    way: tuple[str, ...]


COUNTING = (
    Pid,
    Add,
    Total,
    Fail,
    Wait,
    Hold,
    Kill,
    Fork,
    Relay,
    Pass,
    Look,
    Blob,
    Say,
    Count,
    Store,
    Talk,
    Read,
    Send,
    Round,
    Rounds,
)


class Counter(Reactor):
    """Does all of it."""

    channel = Channel("counter", messages=COUNTING)

    def __init__(self, start: int = 0) -> None:
        super().__init__()
        self.total = start
        self.heard: list[str] = []

    @handles(Pid)
    def pid(self, _: Pid) -> int:
        return os.getpid()

    @handles(Add)
    def add(self, message: Add) -> int:
        self.total += message.number
        return self.total

    @handles(Total)
    def sum(self, _: Total) -> int:
        return self.total

    @handles(Fail)
    def fail(self, message: Fail) -> int:
        if message.code == "ValueError":
            raise ValueError("of a handler")
        raise RemoteError(message.code, "refused")

    @handles(Wait, reentrant=True)
    async def wait(self, message: Wait) -> str:
        try:
            await asyncio.sleep(message.seconds)
        except asyncio.CancelledError:
            if message.mark:
                Path(message.mark).touch()  # noqa: ASYNC240  # a moment
            raise
        return "waited"

    @handles(Hold)
    def hold(self, message: Hold) -> int:
        time.sleep(message.seconds)
        return os.getpid()

    @handles(Kill)
    def kill(self, message: Kill) -> int:
        if message.signal < 0:
            os._exit(-message.signal)
        os.kill(os.getpid(), message.signal)
        time.sleep(10)
        return 0

    @handles(Fork)
    def fork(self, _: Fork) -> int:
        pid = os.fork()
        if not pid:
            time.sleep(600)
            os._exit(0)
        return pid

    @handles(Relay, reentrant=True)
    async def relay(self, message: Relay, sender: Address[object] | None) -> str:
        to = parse_address(message.to)
        assert isinstance(to, Address)
        return f"{sender} {await self.ask(to, Pid(), timeout=5)}"

    @handles(Pass, reentrant=True)
    async def hand_on(self, message: Pass) -> int:
        to = parse_address(message.to)
        assert isinstance(to, Address)
        for number in message.numbers:
            await self.tell(to, Add(number))
        return await self.ask(to, Total(), timeout=5)

    @handles(Look)
    def look(self, message: Look) -> str:
        if message.at:
            to = parse_address(message.at)
            assert isinstance(to, Address)
            self.watch(to)
        return " ".join(self.heard)

    @handles(Terminated)
    def terminated(self, event: Terminated) -> None:
        self.heard.append(f"{event.address}")

    @handles(Blob)
    def blob(self, message: Blob) -> Blob:
        return message

    @handles(Say)
    def say(self, message: Say) -> None:
        logging.getLogger("crunching").warning("%s", message.text)

    @handles(Count)
    async def count(self, message: Count) -> AsyncIterator[Blob]:
        try:
            for number in range(message.to):
                yield Blob(number.to_bytes(4, "big") + bytes(message.size))
            if message.error == "wait":
                await asyncio.sleep(3600)
            elif message.error:
                raise RemoteError(message.error, "behind its items")
        finally:
            if message.mark:
                Path(message.mark).touch()  # noqa: ASYNC240  # a moment

    @handles(Store, reentrant=True)
    async def store(self, message: Store, blobs: AsyncIterator[Blob]) -> int:
        items = came = 0
        async for blob in blobs:
            assert int.from_bytes(blob.data[:4], "big") == items
            items, came = items + 1, came + len(blob.data)
            if items >= message.most:
                break
        return came

    @handles(Talk)
    async def talk(self, _: Talk, blobs: AsyncIterator[Blob]) -> AsyncIterator[Blob]:
        async for blob in blobs:
            yield blob

    @handles(Read, reentrant=True)
    async def read(self, message: Read) -> str:
        came = items = 0
        try:
            stream = self.stream(_address(message.at), Count(message.to, message.size, message.error, message.mark))
            async for blob in stream:
                assert isinstance(blob, Blob)
                assert int.from_bytes(blob.data[:4], "big") == items
                items, came = items + 1, came + len(blob.data)
                if items >= message.most:
                    break
        except (SendError, RemoteError) as error:
            code = error.code if isinstance(error, RemoteError) else type(error).__name__
            return f"{came} {code} {getattr(error, 'items', '')}".strip()
        return f"{came}"

    @handles(Send, reentrant=True)
    async def send(self, message: Send) -> str:
        asked = Talk() if message.talks else Store(message.most)
        async with self.open_stream(_address(message.to), asked) as there:
            came = 0
            try:
                for number in range(message.items):
                    await there.send(Blob(number.to_bytes(4, "big") + bytes(message.size)))
                    if message.talks:
                        came += len((await anext(there)).data)
                if message.talks:
                    await there.end()
                    came += sum([len(blob.data) async for blob in there])
            except SendError as error:
                return f"{error.reason} {await there.result()}"
            return str(came if message.talks else await there.result())

    @handles(Round)
    async def go_round(self, message: Round) -> str:
        return await self._next(message.way, streams=message.streams)

    @handles(Rounds)
    async def go_rounds(self, message: Rounds) -> AsyncIterator[str]:
        return self._items(await self._next(message.way, streams=True))

    async def _items(self, text: str) -> AsyncIterator[str]:
        yield text

    async def _next(self, way: tuple[str, ...], *, streams: bool) -> str:
        if not way:
            return "through"
        if streams:
            return "".join([item async for item in self.stream(_address(way[0]), Rounds(way[1:]), timeout=20)])
        return await self.ask(_address(way[0]), Round(way[1:]), timeout=20)


def _address(text: str) -> Address[object]:
    found = parse_address(text)
    assert isinstance(found, Address)
    return found


class Second(Counter):
    """The same by another name."""

    channel = Channel("second", messages=COUNTING)


class Third(Counter):
    """And by a third one."""

    channel = Channel("third", messages=COUNTING)


class Threaded(Counter):
    """On a thread of its own, wherever it runs."""

    channel = Channel("threaded", messages=COUNTING)
    dispatcher = "thread"


class Apart(Counter):
    """In a process of its own, by its own word."""

    channel = Channel("apart", messages=COUNTING)
    dispatcher = "process"


class Broken(Reactor):
    """It does not start."""

    channel = Channel("broken", messages=(Pid,))

    @handles(Pid)
    def pid(self, _: Pid) -> int:
        return 0

    def on_start(self) -> None:
        raise RuntimeError("there is no disk")
