"""Whoever traces a send hears of its end, whatever kind of outcome it has; for its sender nothing changes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

import pytest

from peerbus.actors import LOCAL, Bus, Channel, MailboxFull, Message, NoSuchReactor, Reactor, RemoteError, handles
from peerbus.actors.sends import DELIVERED, FutureLike
from peerbus.actors.sends.tracing import followed


class Watched:
    """A send that says what it hears."""

    def __init__(self) -> None:
        self.ends: list[BaseException | None] = []
        self.inside = 0

    @contextlib.contextmanager
    def current(self) -> Iterator[None]:
        self.inside += 1
        yield
        self.inside -= 1

    def ended(self, error: BaseException | None, items: int | None = None) -> None:
        self.ends.append(error)


class Wait(Message):
    seconds: int


class Slow(Reactor):
    channel = Channel("slow", messages=(Wait,), mailbox=1)

    @handles(Wait)
    async def wait(self, message: Wait) -> int:
        if message.seconds < 0:
            raise RemoteError("negative", "no such time")
        await asyncio.sleep(message.seconds)
        return message.seconds


async def test_what_is_there_already_is_handed_on_as_it_is() -> None:
    sending = Watched()
    async with Bus(reactors=[Slow]) as bus:
        assert followed(lambda: bus.tell(LOCAL / "slow", Wait(0)), sending) is DELIVERED
        assert sending.ends == [None]
        failed = followed(lambda: bus.tell(LOCAL / "nobody", Wait(0)), sending)
        with pytest.raises(NoSuchReactor):
            await failed
    assert isinstance(sending.ends[1], NoSuchReactor)


async def test_what_is_raised_at_once_is_an_end() -> None:
    sending = Watched()
    with pytest.raises(ZeroDivisionError):
        followed(lambda: 1 // 0, sending)  # type: ignore[arg-type, return-value]  # it makes no outcome
    assert isinstance(sending.ends[0], ZeroDivisionError)


async def test_an_ask_ends_with_its_answer_or_its_error_or_with_its_asker() -> None:
    sending = Watched()
    async with Bus(reactors=[Slow]) as bus:
        assert await followed(lambda: bus.ask(LOCAL / "slow", Wait(0)), sending) == 0
        with pytest.raises(RemoteError):
            await followed(lambda: bus.ask(LOCAL / "slow", Wait(-1)), sending)
        asked = followed(lambda: bus.ask(LOCAL / "slow", Wait(1000)), sending)
        assert isinstance(asked, asyncio.Future)
        asked.cancel()
        await asyncio.sleep(0)
    assert [type(end) for end in sending.ends] == [type(None), RemoteError, asyncio.CancelledError]


async def test_what_waits_when_it_is_awaited_does_so_in_the_name_of_the_send() -> None:
    sending = Watched()
    async with Bus(reactors=[Slow]) as bus:
        first = bus.ask(LOCAL / "slow", Wait(0))
        waits = followed(lambda: bus.tell(LOCAL / "slow", Wait(0)), sending)
        assert isinstance(waits, FutureLike)
        assert sending.ends == []
        task = asyncio.ensure_future(waits)
        assert await first == 0
        await task
        assert (sending.ends, sending.inside) == ([None], 0)


async def test_one_that_nobody_awaits_fails_as_ever_and_is_over() -> None:
    sending = Watched()
    async with Bus(reactors=[Slow]) as bus:
        first = bus.ask(LOCAL / "slow", Wait(0))
        followed(lambda: bus.tell(LOCAL / "slow", Wait(0)), sending)
        assert len(sending.ends) == 1
        assert bus.ledger().of("slow").failed == {MailboxFull.reason: 1}
        await first
