"""Reactors that tests run in the node's own process and in workers of it: in a module, where both find them."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from pathlib import Path

from peerbus.actors import (
    Address,
    Channel,
    Message,
    Reactor,
    RemoteError,
    Request,
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


COUNTING = (Pid, Add, Total, Fail, Wait, Hold, Kill, Relay, Pass, Look, Blob, Say)


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
