"""TLS is read by turns; records that carry nothing end a connection, and no others do."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import ssl

import pytest

from peerbus.transports.streams.identity import Identity
from peerbus.transports.streams.tls import client_context, server_context
from peerbus.transports.streams.tls_session import (
    HANDSHAKE_BYTES,
    IDLE_RECORDS,
    MOST,
    RECORDS,
    IdleRecords,
    TlsSession,
)
from peerbus.transports.streams.tls_turns import TlsTurns


class Pair:
    """Two ends of TLS whose bytes the test carries; the server's is read as a stream does."""

    def __init__(self, *, shake_hands: bool = True, turns: TlsTurns | None = None) -> None:
        server, client = Identity.from_seed(b"a" * 32), Identity.from_seed(b"b" * 32)
        self.server = TlsSession(server_context(server), server_side=True, turns=turns)
        self.client = TlsSession(client_context(client), server_side=False)
        #: Bytes that are on their way to the server.
        self.wire = b""
        for _ in range(3 * shake_hands):
            self.client.shake_hands()
            self.carry()
            self.server.shake_hands()
            self.carry()
        assert not shake_hands or self.server.tls.version() == "TLSv1.3"

    def carry_much(self) -> None:
        for _ in range(40):
            self.client.write(bytes(32_768))
            self.carry()
            assert self.heard() == bytes(32_768)

    def carry(self) -> int:
        """Whatever either has to say; returns how many bytes went to the server."""
        wire = self.client.sealed()
        self.server.feed(wire)
        self.client.feed(self.server.sealed())
        return len(wire)

    def heard(self) -> bytes:
        """What the server reads now."""
        found = b""
        while data := self.server.read():
            found += data
        return found


def key_update(session: TlsSession) -> None:
    """Have this end send a KeyUpdate, which Python's ssl has no word for."""
    name = ctypes.util.find_library("ssl")
    if name is None or "OpenSSL" not in ssl.OPENSSL_VERSION:
        pytest.skip("OpenSSL is not here as a library of its own")
    library = ctypes.CDLL(name)
    if not hasattr(library, "SSL_key_update") or _version(library) != ssl.OPENSSL_VERSION_NUMBER >> 20:
        pytest.skip("the OpenSSL that is found is not the one of this Python")
    # An object of `_ssl`: its head, its socket, and then the SSL of OpenSSL.
    pointer = ctypes.c_void_p.from_address(id(session.tls._sslobj) + 3 * ctypes.sizeof(ctypes.c_void_p))  # type: ignore[attr-defined]  # private
    library.SSL_key_update.argtypes = [ctypes.c_void_p, ctypes.c_int]
    assert library.SSL_key_update(pointer, 0) == 1
    session.tls.do_handshake()


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
            refused = "carry nothing" in str(error) and "carry nothing" in error.reason
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
    wire, found = pair.client.sealed(), b""
    for start in range(0, len(wire), piece):
        pair.server.feed(wire[start : start + piece])
        found += pair.heard()
    assert found == body + b"y" * 200


class OnePiece(TlsTurns):
    """A turn of the loop has time for one piece, and the test says when the next one begins."""

    def __init__(self) -> None:
        super().__init__()
        self.left = 10**6

    def plan(self) -> None:
        self.left = -(10**6)

    def next(self, session: TlsSession) -> None:
        self.left = 1
        session.behind = False


def in_turns() -> tuple[Pair, OnePiece]:
    turns = OnePiece()
    return Pair(turns=turns), turns


@pytest.mark.parametrize("much", [False, True])
def test_of_key_updates_that_come_at_once_a_turn_reads_a_piece_and_some_are_enough(much: bool) -> None:
    """However much the other side has sent in earnest before."""
    pair, turns = in_turns()
    turns.left = 10**9
    if much:
        pair.carry_much()
    for _ in range(1400):
        key_update(pair.client)
    turns.next(pair.server)
    pair.carry()
    rounds = 0
    refused = False
    while not refused:
        try:
            assert pair.heard() == b""
        except IdleRecords:
            refused = True
        else:
            assert pair.server.behind, "what is left waits"
            rounds += 1
            turns.next(pair.server)
    assert IDLE_RECORDS // RECORDS - 1 <= rounds <= IDLE_RECORDS // RECORDS + 1


def test_records_of_a_byte_each_are_read_in_turns_and_in_their_order() -> None:
    pair, turns = in_turns()
    body = os.urandom(700)
    for byte in body:
        pair.client.write(bytes([byte]))
    turns.next(pair.server)
    pair.carry()
    found, rounds = b"", 0
    while len(found) < len(body):
        found += pair.heard()
        turns.next(pair.server)
        rounds += 1
        assert rounds <= len(body)
    assert found == body
    assert rounds > len(body) / RECORDS


def test_what_waits_for_its_turn_is_said_with_all_that_keeps_it() -> None:
    pair, turns = in_turns()
    assert pair.server.retained == 0
    sent = 0
    for _ in range(3000):
        pair.client.write(b"x")
    wire = pair.client.sealed()
    pair.server.feed(wire)
    assert len(wire) <= pair.server.retained <= 2 * len(wire)
    while sent < 3000:
        sent += len(pair.heard())
        turns.next(pair.server)
    assert pair.server.retained == 0


def test_bytes_that_come_while_some_wait_come_behind_them() -> None:
    pair, turns = in_turns()
    sent, found = b"", b""
    for number in range(200):
        body = bytes([number]) * (number * 7 % 50 + 1)
        for start in range(0, len(body), 9):
            pair.client.write(body[start : start + 9])
        sent += body
        wire = pair.client.sealed()
        pair.server.feed(wire[: len(wire) // 2])
        found += pair.heard()
        pair.server.feed(wire[len(wire) // 2 :])
        found += pair.heard()
        turns.next(pair.server)
    for _ in range(2000):
        found += pair.heard()
        turns.next(pair.server)
    assert found == sent


@pytest.mark.parametrize("most", [MOST, 4096, 1000])
def test_large_records_are_read_in_one_go_and_each_is_paid_for_once(most: int) -> None:
    """In however many pieces one is read: whoever sends much gains no time for what carries nothing."""
    pair, turns = in_turns()
    body, found = os.urandom(3 * 64 * 1024), b""
    turns.left = 10**6
    pair.client.write(body)
    pair.carry()
    while data := pair.server.read(most):
        found += data
    assert found == body
    assert 10**6 - turns.left == len(body) // MOST, "one for each record"


@pytest.mark.parametrize("most", [1000, MOST, 10**6])
def test_what_is_read_into_a_place_is_what_would_be_read_otherwise(most: int) -> None:
    pair = Pair()
    body = os.urandom(100_000)
    pair.client.write(body)
    pair.carry()
    found = b""
    while len(found) < len(body):
        place = memoryview(bytearray(min(most, len(body) - len(found))))
        assert pair.server.read_into(place) == len(place)
        found += place
    assert found == body
    assert pair.server.read_into(memoryview(bytearray(1))) == 0
    assert pair.server.read() is None


def test_bytes_are_taken_at_once_wherever_they_stand() -> None:
    pair = Pair()
    for byte in b"abcdefgh" * 20:
        pair.client.write(bytes([byte]))
    wire = bytearray(pair.client.sealed())
    pair.server.feed(memoryview(wire))
    wire[:] = bytes(len(wire))
    assert pair.heard() == b"abcdefgh" * 20


def test_heads_that_come_in_pieces_are_found() -> None:
    pair, found = Pair(), b""
    body = os.urandom(500)
    for byte in body:
        pair.client.write(bytes([byte]))
    wire = pair.client.sealed()
    for start in range(0, len(wire), 3):
        pair.server.feed(wire[start : start + 3])
        found += pair.heard()
    assert found == body


def test_the_end_is_told_from_nothing_and_what_comes_can_be_read_behind_ones_own() -> None:
    pair = Pair()
    pair.server.close()
    pair.client.write(b"still here")
    pair.client.close()
    pair.carry()
    assert pair.server.read() == b"still here"
    assert pair.server.read() == b""
    assert pair.server.ended
    assert pair.server.read_into(memoryview(bytearray(1))) == 0
    assert pair.client.read() == b""


def test_bytes_that_are_no_tls_are_an_error() -> None:
    pair = Pair()
    pair.server.feed(b"\x17\x03\x03\x00\x20" + bytes(32))
    with pytest.raises(ssl.SSLError):
        pair.server.read()
    assert pair.server.has_sealed, "the other side is told"


def test_a_handshake_of_too_many_bytes_is_refused_before_they_are_looked_at() -> None:
    pair = Pair(shake_hands=False)
    assert not pair.client.shake_hands()
    hello = pair.client.sealed()
    # One that goes on and on, in records of its own: a ClientHello may have 128 KiB for OpenSSL.
    pair.server.feed(b"\x16\x03\x01\x3f\xfc\x01\x01\xff\xff" + hello[9:].ljust(0x3FF8, b"\0"))
    for _ in range(4):
        pair.server.feed(b"\x16\x03\x01\x3f\xfc" + bytes(0x3FFC))
    with pytest.raises(ssl.SSLError, match=f"more than {HANDSHAKE_BYTES} bytes"):
        pair.server.shake_hands()


def test_what_comes_right_behind_a_handshake_is_not_counted_as_one() -> None:
    pair = Pair(shake_hands=False)
    pair.client.shake_hands()
    pair.carry()
    pair.server.shake_hands()
    pair.carry()
    assert pair.client.shake_hands()
    body = os.urandom(3 * HANDSHAKE_BYTES)
    pair.client.write(body)
    pair.carry()
    assert pair.server.shake_hands()
    assert pair.heard() == body
