"""TLS is read by turns; records that carry nothing end a connection, and no others do."""

from __future__ import annotations

import contextlib
import ctypes
import ctypes.util
import os
import ssl

import pytest

from peerbus.transports.streams.identity import Identity
from peerbus.transports.streams.tls import client_context, server_context
from peerbus.transports.streams.tls_idle import (
    HANDSHAKE_BYTES,
    IDLE_RECORDS,
    PIECE,
    RECORDS,
    IdleRecords,
    WatchedTls,
)
from peerbus.transports.streams.tls_turns import TlsTurns


class Pair:
    """Two ends of TLS whose bytes the test carries."""

    def __init__(self, *, shake_hands: bool = True) -> None:
        self.to_server, self.to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.from_server, self.from_client = ssl.MemoryBIO(), ssl.MemoryBIO()
        server, client = Identity.from_seed(b"a" * 32), Identity.from_seed(b"b" * 32)
        self.server = server_context(server).wrap_bio(self.to_server, self.from_server, server_side=True)
        self.client = client_context(client).wrap_bio(self.to_client, self.from_client, server_hostname=None)
        for _ in range(3 * shake_hands):
            for end in (self.client, self.server):
                with contextlib.suppress(ssl.SSLWantReadError):
                    end.do_handshake()
                self.carry()
        assert not shake_hands or self.server.version() == "TLSv1.3"

    @property
    def watched(self) -> WatchedTls:
        assert isinstance(self.server, WatchedTls)
        return self.server

    def carry_much(self) -> None:
        for _ in range(40):
            self.client.write(bytes(32_768))
            self.carry()
            assert self.heard() == bytes(32_768)

    def carry(self) -> None:
        self.to_client.write(self.from_server.read())
        self.to_server.write(self.from_client.read())

    def heard(self) -> bytes:
        """What the server reads now."""
        found = b""
        while True:
            try:
                found += self.server.read(1 << 18)
            except ssl.SSLWantReadError:
                return found


def key_update(end: ssl.SSLObject) -> None:
    """Have this end send a KeyUpdate, which Python's ssl has no word for."""
    name = ctypes.util.find_library("ssl")
    if name is None or "OpenSSL" not in ssl.OPENSSL_VERSION:
        pytest.skip("OpenSSL is not here as a library of its own")
    library = ctypes.CDLL(name)
    if not hasattr(library, "SSL_key_update") or _version(library) != ssl.OPENSSL_VERSION_NUMBER >> 20:
        pytest.skip("the OpenSSL that is found is not the one of this Python")
    # An object of `_ssl`: its head, its socket, and then the SSL of OpenSSL.
    pointer = ctypes.c_void_p.from_address(id(end._sslobj) + 3 * ctypes.sizeof(ctypes.c_void_p))  # type: ignore[attr-defined]  # private
    library.SSL_key_update.argtypes = [ctypes.c_void_p, ctypes.c_int]
    assert library.SSL_key_update(pointer, 0) == 1
    end.do_handshake()


def _version(library: ctypes.CDLL) -> int:
    library.OpenSSL_version_num.restype = ctypes.c_ulong
    return int(library.OpenSSL_version_num()) >> 20


@pytest.mark.parametrize("between", [0, 400], ids=["alone", "among data"])
def test_key_updates_without_end_are_refused(between: int) -> None:
    pair = Pair()
    sent = 0
    refused = False
    while sent < 2000 and not refused:
        for _ in range(between or 200):
            key_update(pair.client)
            sent += 1
        if between:
            pair.client.write(b"x")
        pair.carry()
        try:
            pair.heard()
        except IdleRecords as error:
            refused = "carry nothing" in str(error)
    assert refused


def test_a_key_update_now_and_then_is_none_of_them() -> None:
    pair = Pair()
    for _ in range(2000):
        key_update(pair.client)
        pair.client.write(b"x" * 30)
        pair.carry()
        assert pair.heard() == b"x" * 30


@pytest.mark.parametrize("piece", [1, 7, 1000, 1 << 20])
def test_data_that_comes_in_pieces_is_never_taken_for_nothing(piece: int) -> None:
    pair = Pair()
    body = os.urandom(100_000 if piece > 1 else 40_000)
    pair.client.write(body)
    for _ in range(200):
        pair.client.write(b"y")
    wire, found = pair.from_client.read(), b""
    for start in range(0, len(wire), piece):
        pair.to_server.write(wire[start : start + piece])
        found += pair.heard()
    assert found == body + b"y" * 200


class OnePiece(TlsTurns):
    """A turn of the loop has time for one piece, and the test says when the next one begins."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[WatchedTls] = []
        self.left = 1

    def plan(self) -> None:
        self.left = -(10**6)

    def wait(self, one: object) -> None:
        assert isinstance(one, WatchedTls)
        self.waiting.append(one)

    def next(self) -> None:
        self.left = 1
        waiting, self.waiting = self.waiting, []
        for one in waiting:
            one.go_on()


def in_turns(pair: Pair) -> OnePiece:
    turns = pair.watched.turns = OnePiece()
    pair.watched.by_turns = True
    pair.watched.read_again_by(lambda: None)
    return turns


@pytest.mark.parametrize("much", [False, True])
def test_of_key_updates_that_come_at_once_a_turn_reads_a_piece_and_some_are_enough(much: bool) -> None:
    """However much the other side has sent in earnest before."""
    pair = Pair()
    if much:
        pair.carry_much()
    for _ in range(1400):
        key_update(pair.client)
    pair.carry()
    turns, came = in_turns(pair), pair.watched.pending()
    read: list[int] = []
    refused = False
    while not refused:
        before = pair.watched.pending()
        try:
            pair.heard()
        except IdleRecords:
            refused = True
        else:
            read.append(before - pair.watched.pending())
            assert len(turns.waiting) == 1, "what is left waits, once"
            assert pair.to_server.pending, "where the loop sees it, and reads no more"
            turns.next()
    assert all(0 < each <= 27 * RECORDS for each in read)
    assert came - pair.watched.pending() <= 27 * (IDLE_RECORDS + RECORDS)


def test_records_of_a_byte_each_are_read_in_turns_and_in_their_order() -> None:
    pair = Pair()
    body = os.urandom(700)
    for byte in body:
        pair.client.write(bytes([byte]))
    pair.carry()
    turns, found, rounds = in_turns(pair), b"", 0
    while len(found) < len(body):
        found += pair.heard()
        turns.next()
        rounds += 1
        assert rounds <= len(body)
    assert found == body
    assert rounds > len(body) / RECORDS


def test_bytes_that_come_while_some_wait_come_behind_them() -> None:
    pair = Pair()
    turns, sent, found = in_turns(pair), b"", b""
    for number in range(200):
        body = bytes([number]) * (number * 7 % 50 + 1)
        for start in range(0, len(body), 9):
            pair.client.write(body[start : start + 9])
        sent += body
        wire = pair.from_client.read()
        pair.to_server.write(wire[: len(wire) // 2])
        found += pair.heard()
        pair.to_server.write(wire[len(wire) // 2 :])
        found += pair.heard()
        turns.next()
    for _ in range(2000):
        found += pair.heard()
        turns.next()
    assert found == sent


def test_large_records_are_read_in_one_go() -> None:
    pair = Pair()
    body = os.urandom(PIECE * 3)
    turns = in_turns(pair)
    pair.client.write(body)
    pair.carry()
    turns.plan = lambda: None  # type: ignore[method-assign]  # nothing is over
    turns.left = 10**6
    assert pair.heard() == body
    assert 10**6 - turns.left == len(body) // (16 * 1024), "one for each record"


def test_heads_that_come_in_pieces_are_found() -> None:
    pair, found = Pair(), b""
    body = os.urandom(500)
    for byte in body:
        pair.client.write(bytes([byte]))
    wire = pair.from_client.read()
    for start in range(0, len(wire), 3):
        pair.to_server.write(wire[start : start + 3])
        found += pair.heard()
    assert found == body


def test_a_handshake_of_too_many_bytes_is_refused_before_they_are_looked_at() -> None:
    pair = Pair(shake_hands=False)
    with contextlib.suppress(ssl.SSLWantReadError):
        pair.client.do_handshake()
    hello = pair.from_client.read()
    # One that goes on and on, in records of its own: a ClientHello may have 128 KiB for OpenSSL.
    pair.to_server.write(b"\x16\x03\x01\x3f\xfc\x01\x01\xff\xff" + hello[9:].ljust(0x3FF8, b"\0"))
    for _ in range(4):
        pair.to_server.write(b"\x16\x03\x01\x3f\xfc" + bytes(0x3FFC))
    with pytest.raises(ssl.SSLError, match=f"more than {HANDSHAKE_BYTES} bytes"):
        pair.server.do_handshake()


def test_what_comes_right_behind_a_handshake_is_not_counted_as_one() -> None:
    pair = Pair(shake_hands=False)
    for end in (pair.client, pair.server, pair.client):
        with contextlib.suppress(ssl.SSLWantReadError):
            end.do_handshake()
        if end is not pair.client or not pair.client.version():
            pair.carry()
    body = os.urandom(3 * HANDSHAKE_BYTES)
    pair.client.write(body)
    pair.carry()
    pair.server.do_handshake()
    assert pair.heard() == body
