"""Where the answer to a peer's ask goes: exactly once, in time, from whatever thread."""

from __future__ import annotations

import asyncio
import threading
from typing import cast

import pytest

from peerbus.actors import MailboxFull, RemoteError
from peerbus.actors.engine.cell import Cell
from peerbus.transports.lanes.remote_reply import BUS_CODES, REACTOR_PREFIX, RemoteReply, ThreadReply


class Desk:
    """A connection and a cell, as a reply sees them."""

    def __init__(self) -> None:
        self.time = 0.0
        #: The handler of the ask has begun.
        self.works = False
        self.said: list[tuple[object, ...]] = []
        self.threads: set[int] = set()

    def now(self) -> float:
        return self.time

    def _say(self, *what: object) -> None:
        self.said.append(what)
        self.threads.add(threading.get_ident())

    def answer(self, reply: RemoteReply, value: object) -> None:
        self._say("answer", value)

    def answer_error(self, reply: RemoteReply, code: str, text: str) -> None:
        self._say("error", code, text)

    def answer_late(self, reply: RemoteReply, *, begun: bool) -> None:
        self._say("late", begun)

    def answered_late(self, reply: object) -> bool:
        self._say("learnt")
        return self.works

    def has_begun(self, reply: object) -> bool:
        return self.works

    def abandon(self, reply: object) -> str:
        self._say("abandoned")
        return "handler"


def reply_of(desk: Desk) -> RemoteReply:
    return RemoteReply(desk, cast("Cell", desk), 0, 1, 10.0)


def test_the_first_ending_counts_and_later_ones_are_ignored() -> None:
    desk = Desk()
    reply = reply_of(desk)
    assert not reply.done()
    reply.succeed(7)
    reply.succeed(8)
    reply.raised(ValueError("late"))
    reply.fail(MailboxFull("late"))
    reply.cancel()
    assert reply.done()
    assert desk.said == [("answer", 7)]


def test_an_answer_after_its_time_is_late_and_said_once() -> None:
    desk = Desk()
    reply = reply_of(desk)
    desk.time = 10.0
    reply.succeed(7)
    assert reply.done()
    reply.raised(ValueError())
    assert desk.said == [("learnt",), ("late", True)]


@pytest.mark.parametrize("works", [False, True])
def test_one_that_is_late_says_whether_its_handler_has_begun(works: bool) -> None:
    desk = Desk()
    reply = reply_of(desk)
    desk.time, desk.works = 10.0, works
    assert reply.done()
    reply.fail(MailboxFull("late"))
    assert desk.said == [("learnt",), ("late", works)]


async def test_one_of_a_thread_that_is_late_is_said_by_the_loop_and_once() -> None:
    desk = Desk()
    reply = ThreadReply(desk, cast("Cell", desk), 0, 1, 10.0, asyncio.get_running_loop())
    desk.time = 10.0
    thread = threading.Thread(target=lambda: (reply.done(), reply.done()))
    thread.start()
    await asyncio.to_thread(thread.join)
    await asyncio.sleep(0)
    assert desk.said == [("learnt",), ("late", False)]
    assert desk.threads == {threading.get_ident()}


def test_cancelling_ends_the_work_and_says_nothing() -> None:
    desk = Desk()
    reply = reply_of(desk)
    reply.cancel()
    reply.cancel()
    reply.succeed(7)
    assert desk.said == [("abandoned",)]


def test_errors_of_the_bus_and_of_the_handler_have_their_codes() -> None:
    desk = Desk()
    reply_of(desk).fail(MailboxFull("full"))
    reply_of(desk).raised(ValueError("odd"))
    reply_of(desk).raised(RemoteError("not_found", "no such block"))
    reply_of(desk).fail(OSError("disk"))
    assert desk.said == [
        ("error", "mailbox_full", "full"),
        ("error", "ValueError", "odd"),
        ("error", "not_found", "no such block"),
        ("error", "OSError", "disk"),
    ]


@pytest.mark.parametrize("code", sorted({*BUS_CODES, "reactor:x"}))
def test_a_handler_cannot_speak_with_the_voice_of_the_bus(code: str) -> None:
    desk = Desk()
    reply_of(desk).raised(RemoteError(code))
    assert desk.said == [("error", REACTOR_PREFIX + code, "")]


async def test_an_actor_on_a_thread_answers_on_the_loops_thread() -> None:
    desk = Desk()
    loop = asyncio.get_running_loop()
    replies = [ThreadReply(desk, cast("Cell", desk), 0, rid, 10.0, loop) for rid in range(3)]

    def work() -> None:
        assert not replies[0].done()
        replies[0].succeed(7)
        replies[1].raised(ValueError("odd"))
        replies[2].fail(MailboxFull("full"))

    thread = threading.Thread(target=work)
    thread.start()
    await asyncio.to_thread(thread.join)
    await asyncio.sleep(0)
    assert desk.said == [("answer", 7), ("error", "ValueError", "odd"), ("error", "mailbox_full", "full")]
    assert desk.threads == {threading.get_ident()}
