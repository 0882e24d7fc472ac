"""What one reply to an ask for items says to its peer, whatever its handler does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import cast

import pytest
from kept_writer import KeptWriter

from peerbus.actors import ActorStopped, MessageTooLarge, SendError
from peerbus.actors.engine import Cell
from peerbus.actors.mailbox import ItemCounts
from peerbus.actors.streams import ENDED
from peerbus.transports.lanes.item_queue import ItemQueue
from peerbus.transports.lanes.lane_turn import LaneTurn, ReplyLane
from peerbus.transports.lanes.outbox import Outbox
from peerbus.transports.lanes.remote_reply import Server
from peerbus.transports.lanes.request_ids import RequestIds
from peerbus.transports.receiving.stream_reply import StreamReply


class Desk:
    """A connection and a cell, as far as a reply knows them."""

    def __init__(self) -> None:
        self.said: list[tuple[str, ...]] = []
        self.work: list[object] = []

    def now(self) -> float:
        return 0.0

    def answer(self, reply: object, value: object) -> None:
        self.said.append(("answer", str(value)))

    def answer_error(self, reply: object, code: str, text: str) -> None:
        self.said.append(("error", code))

    def answer_late(self, reply: object, *, begun: bool) -> None:
        self.said.append(("late",))

    def forget(self, reply: object) -> None:
        """It keeps none."""

    def ended(self, reply: object, code: str, text: str) -> None:
        self.said.append(("end", code))

    def grant(self, reply: object, items: int, size: int) -> None:
        self.said.append(("grant",))

    def detach(self, envelope: object, work: object) -> None:
        self.work.append(work)
        work.close()  # type: ignore[attr-defined]  # it is a coroutine

    def abandon(self, reply: object) -> None:
        self.said.append(("abandoned",))


def made(desk: Desk) -> StreamReply:
    turn = LaneTurn(ReplyLane(0), 5)
    outbox = Outbox(RequestIds(), lambda lane, outgoing, error: None)
    down = ItemQueue(1, 7, turn, outbox, KeptWriter(), lambda item: (0, b"x"), lambda error: None, ItemCounts())
    return StreamReply(
        cast("Server", desk), desk, cast("Cell", desk), 0, 7, 10.0, 1, message="request", down=down, up=None
    )


async def generator() -> AsyncIterator[int]:
    yield 1


@pytest.mark.pure("it hands the core what is no cell")
@pytest.mark.parametrize(
    ("does", "said"),
    [
        (lambda reply: reply.succeed(ENDED), [("end", "")]),
        (lambda reply: reply.succeed(5), [("error", "answer_type")]),
        (lambda reply: reply.raised(ValueError("no")), [("error", "ValueError")]),
        (lambda reply: reply.raised(SendError("no")), [("error", "SendError")]),
        (lambda reply: reply.fail(ActorStopped("it stopped")), [("error", "actor_stopped")]),
        (lambda reply: reply.cancel(), [("abandoned",)]),
    ],
)
def test_before_its_items_an_error_is_one_of_an_ask(
    does: Callable[[StreamReply], None], said: list[tuple[str, ...]]
) -> None:
    desk = Desk()
    reply = made(desk)
    does(reply)
    does(reply)
    assert desk.said == said, "and only the first counts"
    assert reply.over


@pytest.mark.pure("it hands the core what is no cell")
def test_once_its_items_are_sent_an_error_stands_behind_them() -> None:
    desk = Desk()
    reply = made(desk)
    reply.succeed(generator())
    assert len(desk.work) == 1
    reply.broken(MessageTooLarge("an item"))
    assert desk.said == [("end", "too_large")]
