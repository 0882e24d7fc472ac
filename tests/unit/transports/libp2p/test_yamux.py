"""Streams on one connection: windows, ends, drops, and a side that does not keep the rules."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peerbus.transports.libp2p.yamux import (
    MAX_GRANTED,
    MAX_STREAMS,
    Yamux,
    YamuxArrived,
    YamuxEnded,
    YamuxEvent,
    YamuxGone,
    YamuxOpened,
    YamuxRoom,
    YamuxStream,
)
from peerbus.transports.libp2p.yamux_frames import FIRST_WINDOW, YamuxFlag, YamuxKind, header, unpack_header

DATA, WINDOW, PING, GO_AWAY = YamuxKind
SYN, ACK, FIN, RST = YamuxFlag
WANTED = 1024 * 1024


def _pair() -> tuple[Yamux, Yamux]:
    return Yamux(initiator=True, window=WANTED), Yamux(initiator=False, window=WANTED)


def _opened() -> tuple[Yamux, YamuxStream, Yamux, YamuxStream]:
    here, there = _pair()
    mine = here.open()
    (event,) = there.feed(here.take())
    assert isinstance(event, YamuxOpened)
    assert here.feed(there.take()) == []
    return here, mine, there, event.stream


def _frames(data: bytes) -> list[tuple[int, ...]]:
    """Headers, of which those of data carry none."""
    return [unpack_header(data, at)[1:] for at in range(0, len(data), 12)]


def test_ids_say_who_has_opened_a_stream() -> None:
    here, there = _pair()
    assert [here.open().id for _ in range(2)] == [1, 3]
    assert [there.open().id for _ in range(2)] == [2, 4]
    assert _frames(here.take()) == [(WINDOW, SYN, 1, 0), (WINDOW, SYN, 3, 0)]


@settings(max_examples=30)
@given(st.lists(st.integers(0, 5000), max_size=8), st.integers(1, 700))
def test_bytes_arrive_in_order_however_they_are_cut(sizes: list[int], cut: int) -> None:
    here, mine, there, theirs = _opened()
    said = [bytes([number + 1]) * size for number, size in enumerate(sizes)]
    for data in said:
        here.send(mine, data)
    here.finish(mine)
    data = here.take()
    events: list[YamuxEvent] = []
    for at in range(0, len(data), cut):
        events += there.feed(data[at : at + cut])
    *arrived, end = events
    assert b"".join(event.data for event in arrived if isinstance(event, YamuxArrived)) == b"".join(said)
    assert end == YamuxEnded(theirs)


def test_a_window_is_granted_again_by_halves_and_grows_once_it_is_read() -> None:
    here, mine, there, theirs = _opened()
    here.send(mine, bytes(FIRST_WINDOW))
    assert mine.room == 0
    assert there.feed(here.take()) == [YamuxArrived(theirs, bytes(FIRST_WINDOW))]
    there.taken(theirs, FIRST_WINDOW // 2 - 1)
    assert there.take() == b""
    there.taken(theirs, 1)
    grant = FIRST_WINDOW // 2 + WANTED - FIRST_WINDOW
    assert _frames(granted := there.take()) == [(WINDOW, 0, 1, grant)]
    assert here.feed(granted) == [YamuxRoom(mine)]
    assert mine.room == grant
    here.send(mine, bytes(grant))
    there.feed(here.take())
    there.taken(theirs, FIRST_WINDOW // 2 + grant)
    here.feed(there.take())
    assert mine.room == WANTED
    with pytest.raises(ValueError, match="1 bytes more than its window"):
        there.feed(header(DATA, 0, 1, WANTED + 1))


def test_a_peer_that_grants_a_byte_at_a_time_gets_one_at_a_time() -> None:
    here, mine, _, _ = _opened()
    here.send(mine, bytes(FIRST_WINDOW))
    for size in (1, 2, 1):
        assert here.feed(header(WINDOW, 0, 1, size)) == [YamuxRoom(mine)]
        assert mine.room == size
        here.send(mine, bytes(size))
    assert here.feed(header(WINDOW, 0, 1, 0)) == []


def test_a_stream_that_one_side_has_ended_still_carries_the_other_way() -> None:
    here, mine, there, theirs = _opened()
    here.finish(mine)
    here.finish(mine)
    assert there.feed(here.take()) == [YamuxEnded(theirs)]
    there.send(theirs, b"last")
    there.finish(theirs)
    assert here.feed(there.take()) == [YamuxArrived(mine, b"last"), YamuxEnded(mine)]
    assert here.feed(header(DATA, 0, 1, 3) + b"???") == []
    assert here.dropped == 3


def test_the_end_may_come_with_the_last_bytes_and_the_first_with_the_opening() -> None:
    there = Yamux(initiator=False, window=WANTED)
    events = there.feed(header(DATA, SYN | FIN, 1, 5) + b"hello")
    opened = events[0]
    assert isinstance(opened, YamuxOpened)
    assert events == [opened, YamuxArrived(opened.stream, b"hello"), YamuxEnded(opened.stream)]
    assert _frames(there.take()) == [(WINDOW, ACK, 1, 0)]


@pytest.mark.parametrize("kind", [DATA, WINDOW])
def test_a_drop_ends_both_ways_and_what_is_still_on_its_way_is_let_go(kind: YamuxKind) -> None:
    here, mine, there, theirs = _opened()
    here.reset(mine)
    here.reset(mine)
    assert _frames(here.take()) == [(DATA, RST, 1, 0)]
    assert there.feed(header(kind, RST, 1, 0)) == [YamuxGone(theirs)]
    assert there.feed(header(kind, RST, 1, 0)) == []
    assert here.feed(header(DATA, 0, 1, 400) + bytes(400) + header(WINDOW, 0, 1, 1)) == []
    assert here.dropped == 400


def test_pings_are_answered_and_answers_are_not() -> None:
    _, there = _pair()
    there.feed(header(PING, SYN, 0, 77) + header(PING, ACK, 0, 78))
    assert _frames(there.take()) == [(PING, ACK, 0, 77)]


def test_a_side_that_goes_away_says_why() -> None:
    here, there = _pair()
    here.go_away(1)
    assert there.feed(here.take()) == [YamuxGone(None, 1)]


def test_who_opens_too_many_is_refused_those_and_keeps_the_others() -> None:
    here, there = _pair()
    mine = [here.open() for _ in range(MAX_STREAMS + 1)]
    assert len(there.feed(here.take())) == MAX_STREAMS
    assert here.feed(there.take()) == [YamuxGone(mine[-1])]
    here.reset(mine[0])
    here.open()
    gone, opened = there.feed(here.take())
    assert isinstance(gone, YamuxGone)
    assert isinstance(opened, YamuxOpened)


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        (b"\1" + header(DATA, 0, 1, 0)[1:], "version 1"),
        (header(4, 0, 0, 0), "kind 4"),
        (header(WINDOW, SYN, 0, 0), "not the other side's to open"),
        (header(WINDOW, SYN, 2, 0), "not the other side's to open"),
        (header(WINDOW, SYN, 1, 0), "not the other side's to open"),
        (header(DATA, 0, 1, FIRST_WINDOW + 1), "more than its window"),
        (header(DATA, SYN, 3, FIRST_WINDOW + 1), "more than its window"),
        (header(WINDOW, 0, 1, MAX_GRANTED), "is granted"),
        (header(DATA, FIN, 1, 0) + header(DATA, 0, 1, 1), "behind the end"),
    ],
)
def test_who_lies_in_a_field_ends_the_connection_when_the_header_has_come(frame: bytes, why: str) -> None:
    _, _, there, _ = _opened()
    with pytest.raises(ValueError, match=why):
        there.feed(frame)


def test_many_streams_at_once_lose_nothing_whatever_the_windows_are() -> None:
    rng, (here, there) = Random(7), _pair()
    left = {here.open(): rng.randbytes(rng.randrange(600_000)) for _ in range(5)}
    said = {stream.id: data for stream, data in left.items()}
    heard = dict.fromkeys(said, b"")
    while any(left.values()):
        for stream, data in left.items():
            size = min(len(data), stream.room, rng.randrange(1, 60_000))
            here.send(stream, data[:size])
            left[stream] = data[size:]
        out = here.take()
        at = 0
        while at < len(out):
            size = rng.randrange(1, 50_000)
            for event in there.feed(out[at : at + size]):
                if isinstance(event, YamuxArrived):
                    heard[event.stream.id] += event.data
                    there.taken(event.stream, len(event.data))
            at += size
        here.feed(there.take())
    assert heard == said


def test_frames_that_carry_nothing_are_counted() -> None:
    here = Yamux(initiator=False, window=FIRST_WINDOW)
    here.feed(header(YamuxKind.PING, YamuxFlag.SYN, 0, 1) * 3 + header(YamuxKind.WINDOW, YamuxFlag.SYN, 1, 0))
    here.feed(header(YamuxKind.DATA, 0, 1, 2) + b"ab")
    assert here.bare == 4
