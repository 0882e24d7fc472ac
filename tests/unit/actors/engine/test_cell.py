"""Random lives: whatever is sent, failed, cancelled, stopped and killed, every ask ends and every count balances."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from peerbus.actors import (
    Actor,
    ActorStopped,
    Bus,
    DeadlineExceeded,
    Directive,
    MailboxFull,
    PeerbusError,
    Ref,
    RemoteError,
    SendError,
    Supervision,
    WouldDeadlock,
    handles,
)


class Lively(Actor):
    """Does a bit of everything."""

    mailbox_limit = 8
    handling = 0
    most = 0

    def __init__(self, depth: int, rng: Random) -> None:
        super().__init__()
        self.depth, self.rng = depth, rng

    async def on_start(self) -> None:  # type: ignore[override]  # Pykka says None
        if self.depth:
            self.spawn(Lively, self.depth - 1, self.rng)
        if self.rng.random() < 0.3:
            await asyncio.sleep(self.rng.random())
        self.every(0.7, 3)

    async def on_stop(self) -> None:  # type: ignore[override]  # Pykka says None
        if self.rng.random() < 0.5:
            await asyncio.sleep(self.rng.random())

    @handles(int)
    def number(self, message: int) -> int:
        if message == 7:
            raise ValueError(message)
        return message

    @handles(float)
    async def nap(self, message: float) -> float:
        self.handling += 1
        self.most = max(self.most, self.handling)
        assert self.handling == 1, "two messages at once"
        try:
            await asyncio.sleep(message)
            if message > 0.8:
                raise KeyError(message)
        finally:
            self.handling -= 1
        return message

    @handles(str, reentrant=True)
    async def beside(self, message: str) -> str:
        await asyncio.sleep(len(message) / 4)
        if len(message) == 3:
            raise IndexError(message)
        return message

    @handles(bytes)
    def aside(self, message: bytes) -> bytes:
        if self.rng.random() < 0.5:
            self.put_aside()
        elif self.rng.random() < 0.5:
            self.take_up()
        return message


EXPECTED = (ActorStopped, DeadlineExceeded, MailboxFull, RemoteError, SendError, WouldDeadlock)


async def live(bus: Bus, ref: Ref[Lively], rng: Random) -> None:
    """One client's luck."""
    for _ in range(40):
        message = rng.choice([1, 7, 0.1, 0.9, "a", "abc", b"x"])
        try:
            if rng.random() < 0.5:
                await bus.tell(ref, message, timeout=rng.random() * 3)
            else:
                answer = await asyncio.wait_for(
                    _awaited(bus.ask(ref, message, timeout=rng.random() * 3)), rng.random() * 4
                )
                assert answer == message or (answer is None and message == b"x")
        except EXPECTED:
            pass
        except TimeoutError:
            pass
        if rng.random() < 0.3:
            await asyncio.sleep(rng.random())


async def _awaited(outcome: object) -> object:
    return await outcome  # type: ignore[misc]  # an outcome


@pytest.mark.parametrize("seed", range(25))
async def test_whatever_happens_everything_ends_and_balances(seed: int) -> None:
    rng = Random(seed)
    policy = Supervision(
        directive=rng.choice([Directive.RESTART] * 3 + [Directive.RESUME, Directive.STOP]),
        budget=100,
        backoff=rng.choice([0.0, 0.5]),
    )
    noise: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: noise.append(context))
    async with Bus(rng=rng, shutdown_timeout=3.0) as bus:
        ref = bus.spawn(Lively, 2, rng, supervision=policy)
        async with asyncio.TaskGroup() as clients:
            for _ in range(5):
                clients.create_task(live(bus, ref, rng))
            await asyncio.sleep(rng.random() * 20)
            if seed % 5 == 1:
                ref._cell.kill("chaos")
            elif seed % 5 == 2:
                ref.stop(block=False)
        stats = ref.statistics()
        assert stats.sent == stats.delivered + sum(stats.failed.values()) + stats.waiting
        assert stats.waiting == 0
        if seed % 5 not in (1, 2) and ref.is_alive():
            assert await bus.ask(ref, 1, timeout=100) == 1
    assert bus.statistics().actors == {}
    assert ref.statistics().queued == 0
    assert noise == []


@pytest.mark.parametrize("caller", ["task of the actor", "task", "thread", "callback"])
async def test_only_the_handler_itself_puts_its_message_aside(caller: str) -> None:
    refused: list[BaseException] = []

    class Careless(Actor):
        @handles(int)
        async def handle(self, number: int) -> int:
            match caller:
                case "task of the actor":
                    self.create_task(self.later())
                case "task":
                    beside = asyncio.create_task(self.later())
                    beside.add_done_callback(lambda _: None)
                case "thread":
                    await asyncio.to_thread(self.aside)
                case "callback":
                    asyncio.get_running_loop().call_later(0.01, self.aside)
            await asyncio.sleep(0.1)
            return number

        async def later(self) -> None:
            await asyncio.sleep(0.01)
            self.aside()

        def aside(self) -> None:
            try:
                self.put_aside()
            except PeerbusError as error:
                refused.append(error)

    async with Bus() as bus:
        assert await bus.ask(bus.spawn(Careless), 7, timeout=10) == 7
    (error,) = refused
    assert "only the handler itself can" in str(error)
