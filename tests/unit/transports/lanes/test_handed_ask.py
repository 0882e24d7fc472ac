from __future__ import annotations

import asyncio

import pytest

from peerbus.actors.base import MailboxFull, PeerGone, RemoteError, SendError
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


class Elsewhere:
    """Whoever handed it on; `takes`: somebody else answers it."""

    def __init__(self, takes: bool) -> None:
        self.takes, self.heard = takes, list[str]()

    def unseen(self) -> bool:
        self.heard.append("unseen")
        return self.takes

    def ended(self) -> None:
        self.heard.append("ended")


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


@pytest.mark.parametrize(
    ("kind", "never_sent", "taken"), [(PeerGone, True, 1), (PeerGone, False, 0), (MailboxFull, True, 0)]
)
async def test_what_a_process_that_is_gone_has_never_had_may_be_answered_elsewhere(
    kind: type[SendError], never_sent: bool, taken: int
) -> None:
    for elsewhere in (True, False):
        reply, said = Reply(), Elsewhere(elsewhere)
        ask = HandedAsk(loop=asyncio.get_running_loop())
        ask.message, ask.reply_type, ask.slot, ask.rid = None, None, None, 1
        ask.abandon = lambda _: "reply"
        ask.reply, ask.ended, ask.unseen = reply, said.ended, said.unseen
        error = kind("gone")
        error.never_sent = never_sent
        ask.fail(error)
        assert reply.said == ([] if taken and elsewhere else [("failed", "gone")])
        assert said.heard == ["unseen"] * taken + ["ended"]
