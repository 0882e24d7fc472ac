"""A connection to a server: how it begins, what ends it, and that no words are lost at its end."""

from __future__ import annotations

import asyncio
import ssl

import pytest
from fake_nats import FakeNats, fake_nats
from virtual_time import eventually

from peerbus.actors.base import DialFailed
from peerbus.transports.nats import server_connection
from peerbus.transports.nats.client_protocol import Delivery
from peerbus.transports.nats.login import Login
from peerbus.transports.nats.server_connection import ServerConnection, open_connection


async def connected(
    server: FakeNats,
    lost: asyncio.Future[Exception] | None = None,
    login: Login | None = None,
    tls: ssl.SSLContext | None = None,
) -> ServerConnection:
    return await open_connection(
        "127.0.0.1",
        server.port,
        login=login or Login(),
        tls=tls,
        lost=lost.set_result if lost is not None else lambda error: None,
        room=lambda: None,
    )


async def test_it_says_who_it_is_and_asks_to_hear_where_nobody_listens() -> None:
    async with fake_nats() as server:
        connection = await connected(server, login=Login("alice", "s3cret"))
        (client,) = server.clients
        assert {"user": "alice", "pass": "s3cret", "no_responders": True, "verbose": False}.items() <= (
            client.options.items()
        )
        connection.close()
        await connection.closed


async def test_what_was_published_before_it_closes_arrives() -> None:
    async with fake_nats() as server:
        connection = await connected(server)
        for number in range(100):
            connection.publish(b"a", b"", [b"%d" % number])
        connection.close()
        await connection.closed
        assert server.published == [(b"a", b"%d" % number) for number in range(100)]
        connection.publish(b"a", b"", [b"too late"])


async def test_what_is_published_comes_until_it_is_wanted_no_more() -> None:
    async with fake_nats() as server:
        connection = await connected(server)
        heard: asyncio.Queue[Delivery] = asyncio.Queue()

        def hear(delivery: Delivery) -> bool:
            heard.put_nowait(delivery)
            return True

        number = connection.subscribe(b"a.*", hear)
        connection.publish(b"a.b", b"r", [b"one"])
        assert await heard.get() == Delivery(b"a.b", number, b"r", 0, b"one")
        connection.unsubscribe(number)
        connection.publish(b"a.b", b"", [b"two"])
        connection.close()
        await connection.closed
        assert heard.empty()


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b"nonsense\r\n", "nothing that a NATS server says"),
        (b"-ERR 'Stale Connection'\r\n", "Stale Connection"),
        (b"-ERR 'Permissions Violation for Publish to \"a\"'\r\n", "Permissions Violation"),
    ],
)
async def test_what_ends_it_is_told_with_its_reason(said: bytes, why: str) -> None:
    async with fake_nats() as server:
        lost: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()
        await connected(server, lost)
        server.say(said)
        assert why in str(await lost)


async def test_a_server_that_is_silent_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_connection, "ASK_EVERY", 0.01)
    monkeypatch.setattr(server_connection, "LIVE", 0.05)
    async with fake_nats() as server:
        lost: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()
        await connected(server, lost)
        server.silent = True
        assert "silent" in str(await lost)


@pytest.mark.parametrize(
    ("info", "why"),
    [
        ({"headers": False}, "2.2 or newer"),
        ({"max_payload": "x"}, "INFO"),
        ({"ldm": True}, "lame duck"),
        ({"max_payload": 64}, r"messages of 64 bytes \(max_payload\), 128 are needed"),
    ],
)
async def test_a_server_that_cannot_be_used_is_refused_and_nothing_is_left(info: dict[str, object], why: str) -> None:
    async with fake_nats() as server:
        server.info.update(info)
        with pytest.raises(DialFailed, match=why):
            await connected(server)
        await server.empty()
        assert not server.clients


async def test_where_tls_is_asked_for_and_the_server_has_none_that_is_the_error() -> None:
    async with fake_nats() as server:
        with pytest.raises(DialFailed, match="has no TLS, and tls is asked for"):
            await connected(server, tls=ssl.create_default_context())


async def test_a_login_that_a_server_refuses_is_said_with_what_it_was_shown() -> None:
    async with fake_nats() as server:
        server.refuses = b"-ERR 'Authorization Violation'\r\n"
        with pytest.raises(DialFailed, match=r"Violation \(it was shown the user 'alice' and a password\)"):
            await connected(server, login=Login("alice", "s3cret"))


class Pipe(asyncio.Transport):
    """A transport whose other end is the test."""

    def __init__(self) -> None:
        super().__init__()
        self.said = b""
        self.reads = True

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.said += data

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None:
        self.reads = False

    def resume_reading(self) -> None:
        self.reads = True


async def test_what_carries_nothing_is_looked_at_by_turns_and_in_order() -> None:
    pipe, heard = Pipe(), asyncio.Event()
    connection = ServerConnection(lambda error: None, lambda: None)
    connection.connection_made(pipe)

    def hear(delivery: Delivery) -> bool:
        heard.set()
        return True

    number = connection.subscribe(b"a", hear)
    most = server_connection.MOST_IDLE
    pipe.said = b""
    connection.data_received(b"PING\r\n" * (2 * most) + b"MSG a %d 0\r\n\r\n" % number)
    assert pipe.said == b"PONG\r\n" * most
    assert not pipe.reads, "nothing more is read before others had their turn"
    connection.data_received(b"PING\r\n")  # what the transport had read already
    assert not heard.is_set()
    await heard.wait()
    await eventually(lambda: pipe.reads)
    assert pipe.said == b"PONG\r\n" * (2 * most + 1)


async def test_a_server_that_does_not_read_is_not_answered() -> None:
    pipe = Pipe()
    connection = ServerConnection(lambda error: None, lambda: None)
    connection.connection_made(pipe)
    connection.pause_writing()
    connection.data_received(b"PING\r\n" * 100)
    assert pipe.said == b""
    connection.resume_writing()
    connection.data_received(b"PING\r\n")
    assert pipe.said == b"PONG\r\n"
