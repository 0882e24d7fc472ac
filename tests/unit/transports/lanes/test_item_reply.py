"""What answers in items say of an error: before they have begun it is one of an ask, later it stands behind them."""

from __future__ import annotations

from typing import cast

import pytest
from kept_writer import KeptWriter

from peerbus.actors import ActorStopped, RemoteError
from peerbus.actors.mailbox import ItemCounts
from peerbus.transports.lanes import Answering, ItemQueue, LaneTurn, Outbox, ReplyLane, RequestIds, Server
from peerbus.transports.lanes.item_reply import ItemReply, StreamServer

pytestmark = pytest.mark.pure("a class of the tests stands on one of the core")


class Plain(ItemReply):
    """Nothing comes with its ask."""

    def _shut_up(self, reason: str) -> None:
        pass


class Desk:
    """A connection and an actor."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str, str]] = []
        self.time = 0.0

    def now(self) -> float:
        return self.time

    def answer_error(self, reply: object, code: str, text: str) -> None:
        self.said.append(("error", code, text))

    def answer_late(self, reply: object, *, begun: bool) -> None:
        self.said.append(("late", "", ""))

    def answered_late(self, reply: object) -> bool:
        return True

    def forget(self, reply: object) -> None:
        """It keeps none."""

    def ended(self, reply: object, code: str, text: str) -> None:
        self.said.append(("end", code, text))


def made(desk: Desk, *, begun: bool) -> Plain:
    outbox = Outbox(RequestIds(), lambda lane, outgoing, error: None)
    turn = LaneTurn(ReplyLane(0), 5)
    down = ItemQueue(1, 7, turn, outbox, KeptWriter(), lambda item: (0, b"x"), lambda error: None, ItemCounts())
    one = cast("Server", desk), cast("StreamServer", desk), cast("Answering", desk)
    reply = Plain(*one, 0, 7, 10.0, 1, down=down)
    reply.begun = begun
    return reply


@pytest.mark.parametrize("begun", [False, True])
def test_an_error_is_said_once_and_where_it_belongs(begun: bool) -> None:
    for error, code in (
        (ActorStopped("gone"), "actor_stopped"),
        (RemoteError("no", "sad"), "no"),
        (RemoteError("peer_gone", "by a handler"), "reactor:peer_gone"),
    ):
        desk = Desk()
        reply = made(desk, begun=begun)
        for _ in range(2):
            (reply.raised if isinstance(error, RemoteError) else reply.fail)(error)
        assert [each[:2] for each in desk.said] == [("end" if begun else "error", code)]
        assert reply.over


def test_when_its_time_is_over_it_is_late_and_nothing_waits_to_be_written() -> None:
    desk = Desk()
    reply = made(desk, begun=True)
    reply.down.credit.grant(9, 9)
    reply.down.put(b"item")
    desk.time = 11.0
    reply.fail(ActorStopped("gone"))
    assert [each[0] for each in desk.said] == ["late"]
    assert (reply.down.pending, reply.down.over) == (0, True)
