"""The actors of random programs: each does what the message that it gets says, and writes down what happens to it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, cast

from programs import Part

from peerbus.actors import (
    Actor,
    Channel,
    Directive,
    Message,
    Overflow,
    Ref,
    RemoteError,
    Supervision,
    Terminated,
    Timer,
    handles,
)

if TYPE_CHECKING:
    from stories import Story

__all__ = ["DOS", "Do", "PlainDo", "Player", "Tick", "data_of", "player_class"]


class Do(Message):
    """Do what stands in `script`, and answer with `number`; `data` is as large as its "pad" says."""

    number: int
    script: str
    data: bytes = b""


@dataclass(frozen=True)
class PlainDo:
    """The same as a dataclass."""

    number: int
    script: str
    data: bytes = b""


#: A program sends one of them, by its seed.
DOS: tuple[type[Do | PlainDo], ...] = (Do, PlainDo)


def data_of(script: str) -> bytes:
    """All the data that the script asks for."""
    acts = [act.split() for act in script.split("; ")]
    return bytes(sum(int(act[1]) for act in acts if act[:1] == ["pad"]))


class Panic(BaseException):
    """Outside of Exception, as what a library in another language raises."""


@dataclass(frozen=True)
class Tick:
    """A timer's."""


#: Quick to come back, and soon at the end of its patience.
SUPERVISION = Supervision(backoff=0.05, budget=3, window=2.0)
#: Children that an actor has at most.
KIDS = 2


class Player(Actor):
    """Carries out scripts. `story` hears of everything; `hooks` says what is wrong with this one."""

    hooks: ClassVar[str] = ""
    #: Its handlers begin in the order of its messages: not where each is a task, and the seed decides which goes first.
    in_order: ClassVar[bool] = True

    def __init__(self, story: Story, node: str) -> None:
        super().__init__()
        self.story, self.node = story, node
        self.timers: list[Timer] = []
        self.kids: list[Ref[Any]] = []

    @classmethod
    def declared_channel(cls) -> Channel[Any]:
        """The channel of one that has a name."""
        assert cls.__channel__ is not None
        return cls.__channel__

    # Hooks.

    def on_start(self) -> None:
        first = self.story.builds(self)
        if (self.hooks == "fail_start" and first) or (self.hooks == "fail_restart" and not first):
            raise ValueError("on_start fails")

    async def on_started(self) -> None:
        if self.hooks == "slow_start":
            await asyncio.sleep(0.05)
        if self.hooks == "ask_start":
            await self.story.end(self.story.send(self.node, "ask", "local/b", "", 0.2, by=self))

    async def on_stopping(self) -> None:
        if self.hooks == "slow_stop":
            await asyncio.sleep(0.05)
        if self.hooks == "ask_stop":
            await self.story.end(self.story.send(self.node, "ask", "local/b", "", 0.2, by=self))

    def on_stop(self) -> None:
        if self.hooks == "tell_stop":
            self.story.send(self.node, "tell", "local/b", "", 0.2, by=self).drop()
        if self.hooks == "fail_stop":
            raise ValueError("on_stop fails")

    def on_failure(self, *_: object) -> None:
        if self.hooks == "fail_failure":
            raise ValueError("on_failure fails")

    @handles(Tick)
    def tick(self, _: Tick) -> None:
        self.story.ticks += 1

    @handles(Terminated)
    def terminated(self, fact: Terminated) -> None:
        self.story.hears(self, fact)

    # Acts.

    def acts(self, message: Do | PlainDo) -> list[list[str]]:
        """What there is to do."""
        self.story.begins(self, message.number)
        return [act.split(maxsplit=3) for act in message.script.split("; ") if act]

    def act(self, message: Do | PlainDo, words: list[str]) -> None:
        """One act that needs no wait; the outcome of a send is dropped."""
        match words:
            case ["sleep" | "insist" | "pad", _] | ["reply"]:
                return
            case ["fail"]:
                raise ValueError("told to fail")
            case ["refuse"]:
                raise RemoteError("refused", "told to")
            case ["cancelled"]:
                raise asyncio.CancelledError
            case ["stopiteration"]:
                raise StopIteration
            case ["panic"]:
                raise Panic("told to")
            case ["stop"]:
                self.stop()
            case ["aside"]:
                if message.number not in self.story.asides:
                    self.put_aside()
                    self.story.asides.add(message.number)
            case ["up"]:
                self.take_up()
            case ["watch", to]:
                self.story.watches(self, to)
            case ["unwatch", to]:
                self.story.unwatches(self, to)
            case ["after", seconds]:
                self.timers.append(self.after(float(seconds), Tick()))
            case ["every", seconds]:
                self.timers.append(self.every(float(seconds), Tick()))
            case ["untimer"]:
                for timer in self.timers:
                    timer.cancel()
            case ["spawn", directive, hooks]:
                if len(self.kids) < KIDS:
                    kind = player_class(Part("", "async", "wait", 2, directive, hooks))
                    self.kids.append(self.spawn(kind, self.story, self.node))
            case ["kid", timeout, *script]:
                for kid in self.kids[-1:]:
                    self.story.send(self.node, "ask", kid, " ".join(script), float(timeout), by=self).drop()
            case [("many" | "dropmany"), to, timeout, script]:
                self.story.send_many(self.node, to, script, float(timeout), 6, by=self).drop()
            case [verb, to, timeout, script]:
                for _ in range(4 if verb == "gather" else 1):
                    verb = "tell" if verb == "tell" else "ask"
                    self.story.send(self.node, verb, to, script, float(timeout), by=self).drop()
            case _:
                raise AssertionError(f"no such act: {words}")

    async def act_in_time(self, message: Do | PlainDo, words: list[str]) -> None:
        """One act; the outcome of a send is awaited, unless it says "drop"."""
        story = self.story
        match words:
            case ["sleep", seconds]:
                await asyncio.sleep(float(seconds))
            case ["insist", seconds]:
                # Cancelled, it still has something to do.
                try:
                    await asyncio.sleep(float(seconds))
                finally:
                    await asyncio.sleep(0.02)
            case ["kid", timeout, *script]:
                for kid in self.kids[-1:]:
                    await story.end(story.send(self.node, "ask", kid, " ".join(script), float(timeout), by=self))
            case ["gather", to, timeout, script]:
                sends = [story.send(self.node, "ask", to, script, float(timeout), by=self) for _ in range(4)]
                await asyncio.gather(*(story.end(send) for send in sends))
            case ["many", to, timeout, script]:
                await story.end_many(story.send_many(self.node, to, script, float(timeout), 6, by=self))
            case [("ask" | "tell" | "late") as verb, to, timeout, script]:
                send = story.send(self.node, "tell" if verb == "tell" else "ask", to, script, float(timeout), by=self)
                if verb == "late":
                    await asyncio.sleep(0.02)
                await story.end(send)
            case _:
                self.act(message, words)


class PlainPlayer(Player):
    """With a `def` handler."""

    @handles(Do, PlainDo)
    def do(self, message: Do | PlainDo) -> int:
        for words in self.acts(message):
            self.act(message, words)
        return message.number


class AsyncPlayer(Player):
    """With an `async def` handler."""

    @handles(Do, PlainDo)
    async def do(self, message: Do | PlainDo) -> int:
        for words in self.acts(message):
            await self.act_in_time(message, words)
        return message.number


class ReentrantPlayer(Player):
    """With one that lets others run while it waits."""

    in_order = False

    @handles(Do, PlainDo, reentrant=True)
    async def do(self, message: Do | PlainDo) -> int:
        for words in self.acts(message):
            await self.act_in_time(message, words)
        return message.number


STYLES: dict[str, type[Player]] = {"def": PlainPlayer, "async": AsyncPlayer, "reentrant": ReentrantPlayer}


@lru_cache(maxsize=1024)
def player_class(part: Part) -> type[Player]:
    """The class of an actor; one without a name has no channel."""
    base = STYLES[part.style]
    members: dict[str, object] = {
        "__module__": __name__,
        "hooks": part.hooks,
        "supervision": Supervision(
            directive=Directive(part.directive), backoff=SUPERVISION.backoff, budget=SUPERVISION.budget, window=2.0
        ),
        "mailbox_limit": part.limit,
        "overflow": Overflow(part.overflow),
    }
    if part.name:
        members["channel"] = Channel(
            part.name,
            messages=DOS,
            mailbox=part.limit,
            mailbox_bytes=part.size,
            window=part.limit,
            window_bytes=part.size,
            overflow=Overflow(part.overflow),
            timeout=1.0,
            idempotent=DOS,
        )
    return cast("type[Player]", type(f"{base.__name__}_{part.name}", (base,), members))
