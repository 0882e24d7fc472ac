"""What a stand-in got: every message with its sender, what a test expects of them, and the answers it gives."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from ...actors.base import PeerbusError
from ...actors.mailbox import ReplyTo
from ...actors.messages import Address, DeadLetter, article
from ...actors.sends import AskFuture
from .settle import settled

if TYPE_CHECKING:
    from ...actors.bus import Bus

__all__ = ["WITHIN", "Received", "Recorder", "end_scripted"]

M = TypeVar("M")

#: Seconds that `expect` waits where the test does not say: far above what a message in one process takes.
WITHIN = 1.0
#: Messages that an error's text names.
NAMED = 5


@dataclass(frozen=True, slots=True)
class Received:
    """One message that a stand-in got, at `reactor`. `asked`: the sender waits for an answer."""

    message: object
    sender: Address[object] | None
    reactor: str
    asked: bool


@dataclass(slots=True)
class _Open:
    """A message that no `expect` has returned yet, and how to answer it."""

    received: Received
    reply: ReplyTo | None
    #: Called once it is answered.
    done: Callable[[], object]


class Recorder:
    """Records, expects, answers. `Probe` and `PeerProbe` add where it stands.

    Messages are expected in the order in which they came, each once. Every `expect_…` raises AssertionError that says
    what came instead.
    """

    def __init__(self, name: str, bus: Bus) -> None:
        #: The bus that it is installed on.
        self.bus = bus
        self._name = name
        self._received: list[Received] = []
        self._unread: deque[_Open] = deque()
        self._last: _Open | None = None
        self._arrival = asyncio.Event()
        self._scripts: list[tuple[type, object]] = []
        self._ignored: tuple[type, ...] = ()
        self._letters: deque[DeadLetter] = deque()
        self._dead_letters = bus.subscribe(DeadLetter)
        self._stalled = False

    # What it got.

    @property
    def received(self) -> tuple[Received, ...]:
        """Everything that it got, expected or not, in order."""
        return tuple(self._received)

    @property
    def messages(self) -> list[object]:
        """The messages alone."""
        return [received.message for received in self._received]

    @property
    def last(self) -> Received:
        """What the last `expect` returned, with its sender. Raises PeerbusError before the first."""
        if self._last is None:
            raise PeerbusError(f"{self._name}: nothing was expected yet")
        return self._last.received

    async def expect(self, message_type: type[M], *, within: float = WITHIN) -> M:
        """The next message, which must be a `message_type` and come within `within` seconds of the loop's clock."""
        wanted = article(message_type.__name__)
        try:
            async with asyncio.timeout(within):
                while not self._unread:
                    self._arrival.clear()
                    await self._arrival.wait()
        except TimeoutError:
            raise AssertionError(
                f"{self._name} expected {wanted} within {within} s and got nothing{self._so_far()}"
            ) from None
        opened = self._unread.popleft()
        message = opened.received.message
        if not isinstance(message, message_type):
            self._unread.appendleft(opened)
            raise AssertionError(f"{self._name} expected {wanted} and got {message!r}{self._so_far()}")
        self._last = opened
        return message

    async def expect_nothing(self, *, for_: float = 0.0) -> None:
        """No message that was not expected yet comes: until the bus is at rest, and `for_` seconds after that.

        In real time 0 s are mostly right: it waits for what is under way, not for the clock. On virtual time any
        `for_` costs nothing.
        """
        await settled(self.bus)
        if for_ > 0 and not self._unread:
            self._arrival.clear()
            try:
                async with asyncio.timeout(for_):
                    await self._arrival.wait()
            except TimeoutError:
                return
        if self._unread:
            raise AssertionError(f"{self._name} expected nothing and got {self._unread[0].received.message!r}")

    async def expect_dead_letter(
        self, message_type: type = object, *, reason: str | None = None, within: float = WITHIN
    ) -> DeadLetter:
        """The next dead letter of the bus with such a message (and reason); others are kept. See `DeadLetter`."""
        try:
            async with asyncio.timeout(within):
                while True:
                    for letter in self._letters:
                        if isinstance(letter.message, message_type) and reason in (None, letter.reason):
                            self._letters.remove(letter)
                            return letter
                    self._letters.append(await self._dead_letters.get())
        except TimeoutError:
            wanted = message_type.__name__ if reason is None else f"{message_type.__name__} ({reason})"
            others = ", ".join(f"{type(each.message).__name__} ({each.reason})" for each in self._letters) or "none"
            raise AssertionError(
                f"no dead letter of a {wanted} on {self.bus.name} within {within} s; others: {others}"
            ) from None

    # What it answers.

    def reply(self, value: object = None) -> None:
        """Answer the ask that the last `expect` returned. Raises PeerbusError where it was none, or nobody waits."""
        self._open_ask().succeed(self._checked(value))
        self._settle_last()

    def fail(self, error: BaseException) -> None:
        """Fail the ask that the last `expect` returned, as a handler that raises: the asker gets a RemoteError."""
        self._open_ask().raised(error)
        self._settle_last()

    def answer(self, message_type: type, with_: object) -> None:
        """Answer every ask of this type from now on: by a value, an exception to raise, or a function of the message.

        What was answered so is recorded and expected all the same. A later answer of the same type goes first.
        """
        self._scripts.insert(0, (message_type, with_))

    def answer_stream(self, message_type: type, items: Any, *, error: BaseException | None = None) -> None:
        """Answer every stream of this type from now on by these items: a list, or a function of the message.

        The function may be an `async def` generator, where items are to come late.
        `error`: what the generator raises behind them. As `answer` in all else.
        """
        self.answer(message_type, lambda message: _one_by_one(scripted(items, message), error))

    def ignore(self, *message_types: type) -> None:
        """Record messages of these types from now on, but do not expect them."""
        self._ignored += message_types

    # For the shells.

    def _script(self, message: object) -> Callable[[], object] | None:
        """What answers this message by itself, if anything does; it raises what the asker shall get."""
        for message_type, with_ in self._scripts:
            if isinstance(message, message_type):
                return lambda: scripted(with_, message)
        return None

    def _take(self, received: Received, reply: ReplyTo | None, done: Callable[[], object]) -> None:
        self._received.append(received)
        if not isinstance(received.message, self._ignored):
            self._unread.append(_Open(received, reply, done))
            self._arrival.set()

    def _checked(self, value: object) -> object:
        """The value as it arrives at the asker."""
        return value

    def _open_ask(self) -> ReplyTo:
        reply = None if self._last is None else self._last.reply
        if reply is None:
            raise PeerbusError(
                f"{self._name}: the message that was expected last is no open ask, so it takes no answer"
            )
        if reply.done():
            raise PeerbusError(f"{self._name}: the asker of {self.last.message!r} waits no longer")
        return reply

    def _settle_last(self) -> None:
        if self._last is not None:
            self._last.done()
            self._last.reply = None

    def _so_far(self) -> str:
        names = ", ".join(repr(received.message) for received in self._received[-NAMED:])
        return f"; the last of {len(self._received)} it got: {names}" if names else ""

    def _end(self) -> None:
        self._dead_letters.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._name}, {len(self._received)} received>"


async def _one_by_one(items: Any, error: BaseException | None) -> AsyncIterator[object]:
    if hasattr(items, "__aiter__"):
        async for item in items:
            yield item
    else:
        for item in items:
            yield item
    if error is not None:
        raise error


def scripted(with_: Any, message: object) -> object:
    """What a scripted answer gives for `message`; raises where it is an exception."""
    if isinstance(with_, BaseException):
        raise with_
    return with_(message) if callable(with_) and not isinstance(with_, type) else with_


def end_scripted(future: AskFuture[Any], with_: object, message: object) -> None:
    """End an ask with what `scripted` returns or raises."""
    try:
        future.succeed(scripted(with_, message))
    except Exception as error:  # noqa: BLE001  # what a script raises is for the asker
        future.fail(error)
