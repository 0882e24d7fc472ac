"""Records that carry nothing end a connection of TLS, and no others do."""

from __future__ import annotations

import contextlib
import ctypes
import ctypes.util
import os
import ssl

import pytest

from peerbus.transports.streams.identity import Identity
from peerbus.transports.streams.tls import client_context, server_context
from peerbus.transports.streams.tls_idle import IDLE_BYTES, PIECE, TRUSTED, IdleRecords


class Pair:
    """Two ends of TLS whose bytes the test carries."""

    def __init__(self) -> None:
        self.to_server, self.to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.from_server, self.from_client = ssl.MemoryBIO(), ssl.MemoryBIO()
        server, client = Identity.from_seed(b"a" * 32), Identity.from_seed(b"b" * 32)
        self.server = server_context(server).wrap_bio(self.to_server, self.from_server, server_side=True)
        self.client = client_context(client).wrap_bio(self.to_client, self.from_client, server_hostname=None)
        for _ in range(3):
            for end in (self.client, self.server):
                with contextlib.suppress(ssl.SSLWantReadError):
                    end.do_handshake()
                self.carry()
        assert self.server.version() == "TLSv1.3"

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
    while sent < IDLE_BYTES / 20 and not refused:
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


def test_key_updates_that_come_at_once_are_read_in_pieces_and_refused_early() -> None:
    pair = Pair()
    for _ in range(1400):
        key_update(pair.client)
    pair.carry()
    came = pair.to_server.pending
    with pytest.raises(IdleRecords):
        pair.heard()
    read = came - pair.to_server.pending - len(pair.server.held)  # type: ignore[attr-defined]  # of its own class
    assert IDLE_BYTES < read <= IDLE_BYTES + 2 * PIECE


def test_what_is_kept_for_later_stays_in_its_order() -> None:
    pair = Pair()
    body = os.urandom(TRUSTED // 2)
    found = b""
    for start in range(0, 3 * len(body), 70_000):  # beyond what is read in pieces
        pair.client.write((3 * body)[start : start + 70_000])
        wire = pair.from_client.read()
        pair.to_server.write(wire[:30_000])
        found += pair.server.read(1 << 18)
        pair.to_server.write(wire[30_000:])
        found += pair.heard()
        assert pair.server.pending() == 0
    assert found == 3 * body
