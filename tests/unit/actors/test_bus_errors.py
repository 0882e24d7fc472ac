"""The bus: what errors say and hold."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import weakref
from dataclasses import dataclass

import pytest
from blocks_on_a_bus import GetBlock

from peerbus.actors import (
    LOCAL,
    Actor,
    Bus,
    Channel,
    DeadlineExceeded,
    Reactor,
    RemoteError,
    handles,
)


@dataclass(frozen=True)
class Heavy:
    data: bytes = b""


async def test_a_send_that_failed_leaves_no_garbage_that_holds_its_message() -> None:
    class Stuck(Reactor):
        channel = Channel("stuck", messages=(Heavy,), mailbox=1)

        @handles(Heavy)
        async def take(self, message: Heavy) -> None:
            await asyncio.Event().wait()

    async with Bus(reactors=[Stuck], shutdown_timeout=0.1) as bus:
        for _ in range(2):
            await bus.tell(LOCAL / Stuck, Heavy())
        gc.collect()
        gc.disable()
        try:
            for send in (bus.tell, bus.ask):
                message = Heavy()
                gone = weakref.ref(message)
                with contextlib.suppress(DeadlineExceeded):
                    await send(LOCAL / Stuck, message, timeout=0.01)
                del message
                await asyncio.sleep(0)  # the loop itself holds what wakes this task
                assert gone() is None, send
        finally:
            gc.enable()


class Mute(Exception):
    """What a handler raises, and what cannot be said."""

    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


class Muttering(Reactor):
    channel = Channel("muttering", messages=(GetBlock,))

    @handles(GetBlock)
    def get(self, request: GetBlock) -> int:
        if not request.height:
            raise Mute
        return request.height


async def test_an_actor_outlives_an_error_that_has_no_text() -> None:
    async with Bus(reactors=[Muttering]) as bus:
        await bus.tell(LOCAL / Muttering, GetBlock(0))
        with pytest.raises(RemoteError) as caught:
            await asyncio.wait_for(bus.ask(LOCAL / Muttering, GetBlock(0)), 1.0)
        assert caught.value.code == "Mute"
        assert await bus.ask(LOCAL / Muttering, GetBlock(7)) == 7


def test_an_error_says_how_long_was_waited_for_room() -> None:
    class Full(Actor):
        mailbox_limit = 1

        async def on_receive(self, message: object) -> None:
            await asyncio.get_running_loop().create_future()

    with Bus(shutdown_timeout=0.01) as bus:
        ref = bus.spawn(Full)
        for _ in range(2):  # one that is handled, and one that waits; more there is no room for
            bus.tell(ref, 1).get(timeout=10)
        with pytest.raises(DeadlineExceeded, match=r"within 0\.02 s"):
            bus.tell(ref, 1).get(timeout=0.02)
        with pytest.raises(DeadlineExceeded, match=r"within 0\.01 s"):
            bus.tell(ref, 1, timeout=0.01).get(timeout=60)
