"""An answer goes from a thread to the loop where somebody waits for it, or to nobody."""

from __future__ import annotations

import asyncio
import threading

import pytest

from peerbus.actors import RemoteError
from peerbus.actors.engine.cross_reply import CrossReply
from peerbus.actors.sends.ask import AskFuture


def ask(loop: asyncio.AbstractEventLoop) -> AskFuture[object]:
    return AskFuture.of(loop, "message", None, lambda _future: "mailbox")


def elsewhere(action: object, *args: object) -> None:
    thread = threading.Thread(target=action, args=args)  # type: ignore[arg-type]  # a method
    thread.start()
    thread.join()


async def test_an_answer_arrives_on_the_loop() -> None:
    future = ask(asyncio.get_running_loop())
    reply = CrossReply(future, asyncio.get_running_loop())
    assert not reply.done()
    elsewhere(reply.succeed, 3)
    assert await future == 3
    assert reply.done()


@pytest.mark.parametrize("way", ["raised", "fail"])
async def test_an_error_arrives_on_the_loop(way: str) -> None:
    future = ask(asyncio.get_running_loop())
    elsewhere(getattr(CrossReply(future, asyncio.get_running_loop()), way), ValueError("no"))
    with pytest.raises(RemoteError if way == "raised" else ValueError, match="no"):
        await future


def test_where_the_loop_has_closed_nobody_waits_any_more() -> None:
    loop = asyncio.new_event_loop()
    reply = CrossReply(ask(loop), loop)
    loop.close()
    reply.succeed(3)
    assert not reply.done()
