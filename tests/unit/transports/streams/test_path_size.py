"""Paths that drop large packets: what the kernel says of one, and how such a place is dialed."""

from __future__ import annotations

import socket
import struct
import sys
from typing import cast

import pytest

from peerbus.transports.streams.path_size import (
    MOST_PLACES,
    REMEMBERED_FOR,
    SEGMENTS,
    STANDING,
    NarrowPlaces,
    PathSigns,
)


class Info:
    """In place of a socket: what Linux says of one in TCP_INFO."""

    def __init__(self) -> None:
        self.retransmits, self.rto, self.mss, self.unacked, self.last_received = 0, 0.2, 1448, 0, 0.0
        self.acked, self.sacked, self.received = 1000, 0, 1000
        self.state = 1
        self.gone = False

    def getsockopt(self, level: int, option: int, size: int) -> bytes:
        if level == socket.SOL_SOCKET:
            raise OSError("of a real socket only")
        if self.gone:
            raise OSError("it is closed")
        info = bytearray(size)
        info[0], info[2] = self.state, self.retransmits
        struct.pack_into("=I", info, 8, int(self.rto * 1e6))
        struct.pack_into("=I", info, 16, self.mss)
        struct.pack_into("=I", info, 24, self.unacked)
        struct.pack_into("=I", info, 28, self.sacked)
        struct.pack_into("=I", info, 52, int(self.last_received * 1000))
        struct.pack_into("=QQ", info, 120, self.acked, self.received)
        return bytes(info)


def signs() -> tuple[Info, PathSigns]:
    info = Info()
    return info, PathSigns(cast("socket.socket", info))


linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")


@linux
def test_segments_that_go_again_and_again_while_the_other_side_is_heard_look_narrow() -> None:
    info, path = signs()
    assert not path.look(0.0)
    info.retransmits, info.rto, info.unacked, info.last_received = 4, 3.2, 5, 0.5
    assert path.look(1.0)


@linux
def test_what_was_heard_at_any_time_since_a_segment_went_first_counts() -> None:
    info, path = signs()
    info.retransmits, info.rto, info.unacked, info.last_received = 1, 0.4, 19, 4.0
    assert not path.look(1.0)
    info.retransmits, info.rto, info.last_received = 4, 3.2, 3.0
    assert not path.look(6.0)
    info.received += 12
    assert path.look(11.0)


@linux
@pytest.mark.parametrize(
    ("retransmits", "unacked", "mss", "heard"),
    [(4, 5, 1448, 3.2), (2, 5, 1448, 0.1), (4, 0, 1448, 0.1), (4, 5, 536, 0.1)],
)
def test_a_cut_a_short_loss_and_small_segments_do_not(retransmits: int, unacked: int, mss: int, heard: float) -> None:
    info, path = signs()
    info.retransmits, info.rto, info.unacked, info.mss, info.last_received = retransmits, 3.2, unacked, mss, heard
    assert not path.look(1.0)


@linux
@pytest.mark.parametrize("narrow", [True, False])
@pytest.mark.parametrize("end", ["reset", "closed here"])
def test_the_end_of_a_connection_does_not_change_what_was_seen_while_it_lived(end: str, narrow: bool) -> None:
    info, path = signs()
    info.retransmits, info.rto, info.unacked, info.last_received = 4 * narrow, 3.2, 5, 0.5
    assert path.look(1.0) is narrow
    info.state, info.gone = 7, end == "closed here"  # TCP_CLOSE
    info.retransmits, info.unacked = 4, 0 if narrow else 5
    assert path.look(2.0) is path.narrow is narrow


@linux
def test_what_comes_through_while_it_lives_takes_the_signs_away() -> None:
    info, path = signs()
    info.retransmits, info.rto, info.unacked, info.last_received = 4, 3.2, 5, 0.5
    assert path.look(1.0)
    info.retransmits, info.unacked = 0, 0
    assert not path.look(2.0)


@linux
def test_what_the_other_side_has_behind_a_hole_looks_narrow_once_that_stands() -> None:
    info, path = signs()
    info.unacked, info.sacked, info.last_received = 2, 1, 1.0
    assert not path.look(10.0)
    assert not path.look(10.0 + STANDING / 2)
    info.acked += 1448  # a lost segment that came at last, and the next hole
    assert not path.look(10.0 + STANDING)
    assert not path.look(10.0 + STANDING * 1.9)
    assert path.look(10.0 + STANDING * 2)
    info.sacked = 0
    assert not path.look(20.0)
    info.sacked = 1
    assert not path.look(30.0)


def test_a_machine_that_looked_narrow_is_dialed_with_smaller_segments_and_again_with_smaller_ones() -> None:
    places = NarrowPlaces()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def segment_at(now: float) -> int:
            with socket.socket() as sock:
                places.prepare(sock, "10.0.0.1", now)
                sock.connect(server.getsockname())
                server.accept()[0].close()
                return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG)

        for expected in SEGMENTS:
            assert segment_at(1.0) > expected
            places.narrow("10.0.0.1", 1.0)
            assert segment_at(1.0) <= expected
        places.narrow("10.0.0.1", 5.0)
        assert segment_at(4.0 + REMEMBERED_FOR) <= SEGMENTS[-1]
        assert segment_at(5.0 + REMEMBERED_FOR) > SEGMENTS[0]
        # Of one that took a dial and was silent nobody knows why: each size has its turn, none lasts.
        for limit in (*SEGMENTS, None):
            places.unanswered("10.0.0.1", 9_000.0)
            assert (segment_at(9_000.0) <= limit) if limit else (segment_at(9_000.0) > SEGMENTS[0])
        places.narrow("10.0.0.1", 9_000.0)
        for limit in (SEGMENTS[1], SEGMENTS[0]):
            places.unanswered("10.0.0.1", 9_000.0)
            assert limit - 100 < segment_at(9_000.0) <= limit
    for host in ("127.0.0.1", "::1"):
        places.narrow(host, 9_000.0)
    assert len(places._places) == 1


@linux
def test_who_dials_from_there_with_larger_segments_is_told_once() -> None:
    places, (info, path) = NarrowPlaces(), signs()
    assert not places.refuses(path, "10.0.0.1", 1.0)
    places.unanswered("10.0.0.3", 1.0)
    assert not places.refuses(path, "10.0.0.3", 1.0)
    for segment in SEGMENTS:
        places.narrow("10.0.0.1", 1.0)
        info.mss = segment
        assert not places.refuses(path, "10.0.0.1", 1.0)
        info.mss = 1448
        assert not places.refuses(path, "10.0.0.2", 1.0)
        assert [places.refuses(path, "10.0.0.1", 1.0) for _ in range(3)] == [True, False, False]


def test_no_more_places_are_remembered_than_are_allowed() -> None:
    places = NarrowPlaces()
    for number in range(MOST_PLACES + 10):
        places.narrow(f"10.0.{number // 256}.{number % 256}", 0.0)
    assert len(places._places) == MOST_PLACES
