from __future__ import annotations

import asyncio
from typing import cast

from peerbus.actors import NoSuchReactor, RemoteError
from peerbus.transports.lanes import AskedElsewhere, ForwardedAsk, RemoteReply
from peerbus.transports.wire import Forwarded


class Relay:
    """Hears the end of an ask."""

    def __init__(self) -> None:
        self.heard: list[object] = []

    def succeed(self, value: object) -> None:
        self.heard.append(value)

    def raised(self, error: BaseException) -> None:
        self.heard.append(("raised", str(error)))

    def fail(self, error: BaseException) -> None:
        self.heard.append(("failed", str(error)))


def _ask() -> tuple[ForwardedAsk, Relay]:
    ask, relay = ForwardedAsk(loop=asyncio.get_running_loop()), Relay()
    ask.relay = cast("RemoteReply", relay)
    ask.message, ask.reply_type, ask.slot, ask.rid, ask.lane = Forwarded(1, b""), None, None, 0, None
    return ask, relay


async def test_its_end_is_the_askers() -> None:
    ends: list[object] = []
    ask, relay = _ask()
    ask.succeed(Forwarded(2, b"x"))
    ends += relay.heard
    for error in (RemoteError("not_found", "no"), NoSuchReactor("gone")):
        ask, relay = _ask()
        ask.fail(error)
        ends += relay.heard
    assert ends == [Forwarded(2, b"x"), ("raised", "not_found: no"), ("failed", "gone")]


async def test_an_asker_that_gives_up_cancels_it_and_hears_nothing() -> None:
    ask, relay = _ask()
    given_up: list[object] = []

    def abandon(one: object) -> str:
        given_up.append(one)
        return "reply"

    ask.abandon = abandon
    actor = AskedElsewhere(ask, "counter")
    assert actor.standing() == (ask, ask)
    assert actor.task_of(None) is ask
    assert actor.has_begun(None)
    actor.abandon(cast("RemoteReply", relay))
    assert (given_up, relay.heard, ask.cancelled()) == ([ask], [], True)
    assert not actor.answered_late(cast("RemoteReply", relay))
