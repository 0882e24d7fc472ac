"""Paths that drop large packets: what the kernel says of one, and how such a place is dialed."""

from __future__ import annotations

import socket
import struct
import sys
from typing import cast

import pytest

from peerbus.transports.streams.path_size import MOST_PLACES, SEGMENTS, NarrowPlaces, PathSigns


class Info:
    """In place of a socket: what Linux says of one in TCP_INFO."""

    def __init__(self) -> None:
        self.retransmits, self.rto, self.mss, self.unacked, self.last_received = 0, 0.2, 1448, 0, 0.0
        self.received, self.beside, self.sacked = 1000, 0, 0

    def getsockopt(self, level: int, option: int, size: int) -> bytes:
        info = bytearray(size)
        info[2] = self.retransmits
        struct.pack_into("=I", info, 8, int(self.rto * 1e6))
        struct.pack_into("=I", info, 16, self.mss)
        struct.pack_into("=I", info, 24, self.unacked)
        struct.pack_into("=I", info, 28, self.sacked)
        struct.pack_into("=I", info, 52, int(self.last_received * 1000))
        struct.pack_into("=Q", info, 128, self.received)
        struct.pack_into("=I", info, 224, self.beside)
        return bytes(info)


def signs() -> tuple[Info, PathSigns]:
    info = Info()
    return info, PathSigns(cast("socket.socket", info))


linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")


@linux
def test_segments_that_go_again_and_again_while_the_other_side_is_heard_look_narrow() -> None:
    info, path = signs()
    assert not path.look(silent=False)
    info.retransmits, info.rto, info.unacked, info.last_received = 4, 3.2, 5, 0.5
    assert path.look(silent=False)


@linux
@pytest.mark.parametrize(
    ("retransmits", "unacked", "mss", "heard"),
    [(4, 5, 1448, 3.2), (2, 5, 1448, 0.1), (4, 0, 1448, 0.1), (4, 5, 536, 0.1)],
)
def test_a_cut_a_short_loss_and_small_segments_do_not(retransmits: int, unacked: int, mss: int, heard: float) -> None:
    info, path = signs()
    info.retransmits, info.rto, info.unacked, info.mss, info.last_received = retransmits, 3.2, unacked, mss, heard
    assert not path.look(silent=False)


@linux
def test_bytes_that_stand_behind_others_which_never_come_look_narrow_once_it_is_silent() -> None:
    info, path = signs()
    assert not path.look(silent=False)
    info.beside = 3
    assert not path.look(silent=False)
    assert path.look(silent=True)


@linux
def test_segments_that_go_again_while_those_behind_them_have_come_look_narrow_once_it_is_silent() -> None:
    info, path = signs()
    info.retransmits, info.rto, info.unacked, info.last_received = 3, 1.6, 2, 1.5
    assert not path.look(silent=True)
    info.sacked = 1
    assert not path.look(silent=False)
    assert path.look(silent=True)


@linux
def test_packets_that_overtook_others_long_ago_do_not() -> None:
    info, path = signs()
    info.beside = 3
    path.look(silent=False)
    info.received = 5000
    path.look(silent=False)
    assert not path.look(silent=True)


def test_a_place_that_looked_narrow_is_dialed_with_smaller_segments_and_again_with_smaller_ones() -> None:
    places = NarrowPlaces()
    with socket.create_server(("127.0.0.1", 0)) as server:
        host, port = server.getsockname()
        for expected in (None, *SEGMENTS, SEGMENTS[-1]):
            with socket.socket() as sock:
                places.prepare(sock, host, port)
                sock.connect((host, port))
                segment = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG)
                assert segment > SEGMENTS[0] if expected is None else segment <= expected
                server.accept()[0].close()
            places.narrow(host, port)
        with socket.socket() as sock:
            places.prepare(sock, host, port + 1)


def test_no_more_places_are_remembered_than_are_allowed() -> None:
    places = NarrowPlaces()
    for port in range(MOST_PLACES + 10):
        places.narrow("10.0.0.1", port)
    assert len(places._steps) == MOST_PLACES
