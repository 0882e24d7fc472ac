"""The client protocol of NATS: what a server says, however it is cut, and what it may not say."""

from __future__ import annotations

import random

import pytest

from peerbus.transports.nats.client_protocol import (
    MAX_LINE,
    MAX_MESSAGE,
    BrokenProtocol,
    Delivery,
    Event,
    ServerError,
    ServerInfo,
    ServerReader,
    ServerWord,
    connect,
    publish,
    subscribe,
    unsubscribe,
)

SAID = (
    b'INFO {"server_name":"s","version":"2.10.1","max_payload":1048576,"headers":true,"nonce":"x","unknown":[1]}\r\n'
    b"+OK\r\nPING\r\n"
    b"MSG a.b 1 5\r\nhe\r\no\r\n"
    b"MSG a.b 7 c.d 0\r\n\r\n"
    b"HMSG r 2 16 16\r\nNATS/1.0 503\r\n\r\n\r\n"
    b"HMSG r 3 a 12 15\r\nNATS/1.0\r\n\r\nabc\r\n"
    b"-ERR 'Authorization Violation'\r\nPONG\r\n"
)
MEANT: list[Event] = [
    ServerInfo(server_name="s", version="2.10.1", max_payload=1048576, headers=True, nonce="x"),
    ServerWord("+OK"),
    ServerWord("PING"),
    Delivery(b"a.b", 1, b"", 0, b"he\r\no"),
    Delivery(b"a.b", 7, b"c.d", 0, b""),
    Delivery(b"r", 2, b"", 503, b""),
    Delivery(b"r", 3, b"a", 0, b"abc"),
    ServerError("Authorization Violation"),
    ServerWord("PONG"),
]


@pytest.mark.parametrize("seed", range(8))
def test_what_a_server_says_is_read_however_it_is_cut(seed: int) -> None:
    rng, reader, at = random.Random(seed), ServerReader(), 0
    found: list[Event] = []
    while at < len(SAID):
        size = rng.randint(1, 4 + 20 * seed)
        found += reader.feed(SAID[at : at + size])
        at += size
    assert found == MEANT


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 400 Bad Request\r\n",
        b"INFO {\r\n",
        b'INFO {"version":"\xff"}\r\n',
        b'INFO {"max_payload":"many"}\r\n',
        b"MSG a\r\n",
        b"MSG a b c d e f\r\n",
        b"MSG a one 5\r\n",
        b"MSG a 1 -5\r\n",
        b"MSG a 1 99999999999\r\n",
        b"MSG a 1 %d\r\n" % (MAX_MESSAGE + 1),
        b"HMSG a 1 9 8\r\n",
        b"MSG a 1 2\r\nabcd",
        b"x" * (MAX_LINE + 1),
        b"\r\n",
    ],
)
def test_what_no_server_says_is_refused_and_nothing_after_it_is_read(said: bytes) -> None:
    reader = ServerReader()
    with pytest.raises(BrokenProtocol):
        list(reader.feed(said))
    with pytest.raises(BrokenProtocol):
        list(reader.feed(b"PING\r\n"))


def test_a_message_in_many_pieces_is_joined_once() -> None:
    reader = ServerReader()
    body = bytes(MAX_MESSAGE)
    pieces = [b"MSG a 1 %d\r\n" % len(body), *(body[at : at + 512] for at in range(0, len(body), 512)), b"\r\nPING\r\n"]
    found = [event for piece in pieces for event in reader.feed(piece)]
    assert found == [Delivery(b"a", 1, b"", 0, body), ServerWord("PING")]


def test_a_client_says_it_in_the_words_of_the_protocol() -> None:
    assert publish(b"a.b", b"", [b"one", memoryview(b"two")]) == b"PUB a.b 6\r\nonetwo\r\n"
    assert publish(b"a", b"r", []) == b"PUB a r 0\r\n\r\n"
    assert subscribe(b"a.*", 3) + unsubscribe(3) == b"SUB a.* 3\r\nUNSUB 3\r\n"
    assert connect({"verbose": False}) == b'CONNECT {"verbose":false}\r\n'
