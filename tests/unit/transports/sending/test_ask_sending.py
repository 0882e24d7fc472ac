"""An ask that has nothing to share a frame with leaves at once, others together."""

from __future__ import annotations

import msgpack
import pytest
from link_lines import FIRST, Line

from peerbus.actors import Account, DeadlineExceeded, PeerGone, RemoteError
from peerbus.transports.lanes.batch import ROOM
from peerbus.transports.lanes.frame_timing import EARLY, LEAST
from peerbus.transports.wire.frames import Ask, Credit, Error, Reply
from peerbus.transports.wire.payload import PLAIN


def test_an_ask_that_may_take_for_ever_travels_with_the_longest_budget_there_is() -> None:
    line = Line()
    asked = [line.ask("first", 1, timeout) for timeout in (float("inf"), 1e9)]
    (frame,) = line.written()
    assert isinstance(frame, Ask)
    assert [budget for _, budget, *_ in frame.items] == [2**32 - 1] * 2
    line.close()
    assert all(isinstance(each.exception(), PeerGone) for each in asked)


def test_asks_one_by_one_are_written_at_once_and_many_together() -> None:
    line = Line()
    hurried = []
    for crowd in (1, 1, 3, 3, 1, 1):
        asked = [line.ask("first", number, 5.0) for number in range(crowd)]
        hurried.append(line.writer.hurried)
        (frame,) = line.written()
        assert isinstance(frame, Ask)
        assert len(frame.items) == crowd
        for rid, *_ in frame.items:
            line.link.failed(Error(rid, 0, 0, "busy", "not now"))
        line.link.credited(Credit([(0, crowd, sum(len(payload) for *_, payload in frame.items))]))
        line.settle()
        assert all(isinstance(each.exception(), RemoteError) for each in asked)
    # The first of the first three could not know; after three at once, nobody hurries until one was alone.
    assert hurried == [1, 2, 3, 3, 3, 4]
    line.close()


def test_a_lone_ask_goes_past_the_outbox_where_nothing_else_is_to_be_written() -> None:
    line = Line()
    line.writer.clear = True
    first = line.ask("first", 1, 5.0)
    second = line.ask("first", 2, 5.0)  # another one is under way: it may have company
    assert line.writer.hurried == 0
    (ahead,) = line.decoder.feed(b"".join(line.writer.frames))
    (behind,) = line.written()
    assert isinstance(ahead, Ask)
    assert isinstance(behind, Ask)
    assert [rid for frame in (ahead, behind) for rid, *_ in frame.items] == [1, 2]
    assert line.link.lanes.statistics()["first"].unconfirmed == 2
    for rid in (1, 2):
        line.link.replied(Reply(0, [(rid, PLAIN, msgpack.packb(rid * 10))]))
    line.link.credited(Credit([(0, 2, sum(len(payload) for *_, payload in ahead.items + behind.items))]))
    line.settle()
    assert [first.result(), second.result()] == [10, 20]
    assert line.link.lanes.statistics()["first"].account == Account(2, 2, 0)
    line.close()


@pytest.mark.parametrize("why", ["no credit", "no time", "large"])
def test_an_ask_goes_past_the_outbox_only_with_credit_and_time_and_when_it_is_small(why: str) -> None:
    line = Line()
    if why == "no credit":
        for number in range(FIRST.window):
            line.ask("first", number, 5.0)
        for frame in line.written():
            assert isinstance(frame, Ask)
            line.link.replied(Reply(0, [(rid, PLAIN, b"\xc0") for rid, *_ in frame.items]))
        line.settle()
    line.writer.clear = True
    asked = line.ask("first", 1 << 60, 0.0 if why == "no time" else 5.0, padding=ROOM if why == "large" else 0)
    assert line.writer.frames == []
    assert [type(frame) for frame in line.written()] == ([Ask] if why == "large" else [])
    line.close()
    assert isinstance(asked.exception(), PeerGone if why != "no time" else DeadlineExceeded)


def test_many_asks_at_once_do_not_all_wait_for_the_last_of_them() -> None:
    line = Line(window=128)
    line.ask("first", 0, 5.0)
    assert len(line.written()) == 1  # it began alone, and is under way
    line.writer.hurried = 0
    for number in range(1, EARLY):
        line.ask("first", number, 5.0)
        if line.writer.hurried:
            break
    assert number == LEAST  # more than are under way, and enough to be begun with
    line.written()
    for _ in range(EARLY):
        line.ask("first", 1, 5.0)
        line.written()
    line.writer.hurried = 0
    for number in range(1, EARLY + 1):
        line.ask("first", number, 5.0)
    assert line.writer.hurried == 1
    line.close()
