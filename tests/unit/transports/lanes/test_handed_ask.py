from __future__ import annotations

import asyncio

from peerbus.actors.base import PeerGone, RemoteError
from peerbus.transports.lanes.handed_ask import HandedAsk


class Reply:
    def __init__(self) -> None:
        self.said: list[object] = []

    def done(self) -> bool:
        return bool(self.said)

    def succeed(self, value: object) -> None:
        self.said.append(value)

    def raised(self, error: BaseException) -> None:
        self.said.append(("raised", str(error)))

    def fail(self, error: BaseException) -> None:
        self.said.append(("failed", str(error)))


async def test_what_comes_back_goes_to_the_asker_and_ends_it_once() -> None:
    for outcome, said in (
        (7, 7),
        (RemoteError("no", "why"), ("raised", "no: why")),
        (PeerGone("gone"), ("failed", "gone")),
    ):
        reply, ended = Reply(), []
        ask = HandedAsk(loop=asyncio.get_running_loop())
        ask.message, ask.reply_type, ask.slot, ask.rid = None, None, None, 1
        ask.abandon = lambda _: "reply"
        ask.reply, ask.ended = reply, lambda: ended.append(1)  # noqa: B023
        if isinstance(outcome, BaseException):
            ask.fail(outcome)
        else:
            ask.succeed(outcome)
        assert reply.said == [said]
        assert ended == [1]
        ask.fail(PeerGone("once more"))
        assert ended == [1]
