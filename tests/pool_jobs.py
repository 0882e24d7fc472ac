"""The reactor of pools that run on the loop, on threads and in processes: in a module, where all three find it."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Literal

from peerbus.actors import Channel, Key, Message, Reactor, Request, Stream, Supervision, handles


class Job(Message, Request[str]):
    """Answered with who did it, `member@pid`, after `hold` seconds in which its handler holds the interpreter."""

    number: int
    key: str = ""
    hold: float = 0.0


class Nap(Message, Request[str]):
    """The same, but the handler awaits; where it is cancelled it leaves a file there."""

    seconds: float
    mark: str = ""


class Notes(Message, Request[tuple[tuple[float, str, str, int], ...]]):
    """All members: when was what handled, by whom?"""


class Die(Message, Request[str]):
    """End the process by this signal."""

    by: int = int(signal.SIGKILL)


class Break(Message):
    """Its handler fails."""


class Steps(Message, Request[Stream[int]]):
    """Answered in items."""

    count: int


class Tail(Message, Request[Stream[str]]):
    """Answered with who answers, and then with nothing until it is left, which leaves a file there."""

    mark: str = ""
    key: str = ""


class Adding(Message, Request[Stream[int]]):
    """Answered with the sums of the numbers that come with it."""


class Taking(Message, Request[int]):
    """Answered with the sum of the numbers that come with it."""


class Again(Message, Request[str]):
    """Have the pool do a job, from one of its members, which takes no other message meanwhile."""


class Linger(Message, Request[str]):
    """Handled beside the next messages, for ever; when that is cancelled there is a file of this name."""

    path: str


class Leave(Message, Request[Stream[int]]):
    """Answered with a number; then the handler ends its process, or what else its bus is in, as `sys.exit` does."""


class Spread(Message, Request[str]):
    """Have the pool do a job, from one of its members."""

    number: int


class Jobs(Reactor):
    """Notes what it does."""

    channel = Channel(
        "jobs",
        messages=(Job, Nap, Notes, Die, Break, Steps, Spread, Tail, Adding, Taking, Leave, Linger, Again),
        mailbox=256,
        timeout=20,
    )
    supervision = Supervision(backoff=0.01, budget=2, window=60)

    def __init__(self, salt: str = "") -> None:
        super().__init__()
        self.salt = salt
        self.notes: list[tuple[float, str, str, int]] = []

    @property
    def who(self) -> str:
        return f"{self}@{os.getpid()}{self.salt}"

    @handles(Job)
    def job(self, message: Job) -> str:
        if message.hold:
            time.sleep(message.hold)
        self.notes.append((time.monotonic(), str(self), message.key, message.number))
        return self.who

    @handles(Nap)
    async def nap(self, message: Nap) -> str:
        try:
            await asyncio.sleep(message.seconds)
        except asyncio.CancelledError:
            if message.mark:
                Path(message.mark).touch()  # noqa: ASYNC240  # a moment
            raise
        return self.who

    @handles(Notes)
    def tell_notes(self, _: Notes) -> tuple[tuple[float, str, str, int], ...]:
        return tuple(self.notes)

    @handles(Die)
    def die(self, message: Die) -> str:
        os.kill(os.getpid(), message.by)
        time.sleep(20)
        return ""

    @handles(Break)
    def fail(self, _: Break) -> None:
        raise RuntimeError("broken")

    @handles(Steps)
    async def steps(self, message: Steps) -> AsyncIterator[int]:
        for each in range(message.count):
            yield each

    @handles(Tail)
    async def tail(self, message: Tail) -> AsyncIterator[str]:
        try:
            yield self.who
            await asyncio.Event().wait()
        finally:
            if message.mark:
                Path(message.mark).touch()  # noqa: ASYNC240  # a moment

    @handles(Adding)
    async def add(self, _: Adding, numbers: AsyncIterator[int]) -> AsyncIterator[int]:
        total = 0
        async for number in numbers:
            total += number
            yield total
        if total < 0:
            raise ValueError("below zero")

    @handles(Leave)
    async def leave(self, _: Leave) -> AsyncIterator[int]:
        yield 1
        raise SystemExit(3)

    @handles(Taking)
    async def take(self, _: Taking, numbers: AsyncIterator[int]) -> int:
        return sum([number async for number in numbers])

    @handles(Again)
    async def again(self, _: Again) -> str:
        from peerbus.actors import LOCAL

        return await self.ask(LOCAL / Jobs, Job(1), timeout=60)

    @handles(Linger, reentrant=True)
    async def linger(self, message: Linger) -> str:
        try:
            await asyncio.sleep(1000)
        finally:
            touch(message.path)
        return self.who

    @handles(Spread, reentrant=True)
    async def spread(self, message: Spread) -> str:
        from peerbus.actors import LOCAL

        return await self.ask(LOCAL / Jobs, Job(message.number, "spread"))


class Frail(Jobs):
    """One that is not begun anew."""

    channel = Channel("frail", messages=Jobs.channel.messages, timeout=20)
    supervision = Supervision(budget=0)


def by_key(message: object) -> Key | Literal["all", "least"]:
    """Jobs go by their keys, questions for notes to all."""
    if isinstance(message, Job | Tail) and message.key:
        return Key(message.key)
    return "all" if isinstance(message, Notes) else "least"


def together(answers: Sequence[object]) -> tuple[object, ...]:
    """The notes of all, in the order in which they were made."""
    return tuple(sorted(note for notes in answers for note in notes))  # type: ignore[attr-defined]  # of Notes


def touch(path: str) -> None:
    """Make a file, for whoever waits for it."""
    Path(path).touch()
