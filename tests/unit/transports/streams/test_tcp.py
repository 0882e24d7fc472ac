"""TCP: who is let in, who is not, and that neither delays the others."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
import uvloop

from peerbus.actors.base.errors import DialFailed, HandshakeFailed, ListenFailed, StreamBroken
from peerbus.transports.streams import socket_listener, tcp
from peerbus.transports.streams.endpoint import Endpoint
from peerbus.transports.streams.identity import Identity
from peerbus.transports.streams.socket_listener import SocketListener
from peerbus.transports.streams.socket_stream import SocketStream
from peerbus.transports.streams.tcp import TcpTransport
from peerbus.transports.streams.tls import Authority
from peerbus.transports.streams.transport import MAX_PENDING_HANDSHAKES

ALICE = Identity.from_seed(b"a" * 32)
BOB = Identity.from_seed(b"b" * 32)
MALLORY = Identity.from_seed(b"m" * 32)
LOOPBACK = Endpoint("tcp", host="127.0.0.1")


class Refusals:
    """Waits for the reasons that a listener gives."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[tuple[Endpoint | None, Exception]] = asyncio.Queue()

    def __call__(self, source: Endpoint | None, error: Exception) -> None:
        self._queue.put_nowait((source, error))

    async def next(self) -> HandshakeFailed:
        source, error = await self._queue.get()
        assert source is not None
        assert source.host == "127.0.0.1"
        assert isinstance(error, HandshakeFailed)
        return error


@contextlib.asynccontextmanager
async def listening(transport: TcpTransport, refusals: Refusals | None = None) -> AsyncIterator[SocketListener]:
    listener = await transport.listen(LOOPBACK, on_refused=refusals)
    try:
        yield listener
    finally:
        await listener.aclose()


async def connect(transport: TcpTransport, listener: SocketListener) -> None:
    """Show that the listener still serves whom it should."""
    dialed = await transport.dial(listener.endpoint, expect=None, timeout=5)
    accepted = await listener.accept()
    await asyncio.gather(dialed.aclose(), accepted.aclose())


@contextlib.contextmanager
def raw_connections(listener: SocketListener, count: int) -> Iterator[list[socket.socket]]:
    with contextlib.ExitStack() as stack:
        address = (listener.endpoint.host, listener.endpoint.port)
        yield [stack.enter_context(socket.create_connection(address)) for _ in range(count)]


async def closed_by_the_other_side(sock: socket.socket) -> bool:
    sock.setblocking(False)
    try:
        return await asyncio.get_running_loop().sock_recv(sock, 1) == b""
    except ConnectionResetError:
        return True


def test_without_an_identity_plaintext_must_be_said() -> None:
    with pytest.raises(ValueError, match="plaintext=True"):
        TcpTransport()


async def test_a_stranger_without_tls_is_refused_with_a_reason() -> None:
    refusals = Refusals()
    async with listening(TcpTransport(BOB), refusals) as listener:
        with raw_connections(listener, 1) as (sock,):
            sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
            error = await refusals.next()
            assert error.reason == "tls"
        await connect(TcpTransport(ALICE), listener)


async def test_a_stranger_who_hangs_up_is_refused_with_a_reason() -> None:
    refusals = Refusals()
    async with listening(TcpTransport(BOB), refusals) as listener:
        with raw_connections(listener, 1):
            pass
        assert (await refusals.next()).reason == "connection"
        await connect(TcpTransport(ALICE), listener)


async def test_a_client_without_a_certificate_is_refused_with_a_reason() -> None:
    refusals = Refusals()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    async with listening(TcpTransport(BOB), refusals) as listener:
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.endpoint.port, ssl=context)
        assert (await refusals.next()).reason == "certificate"
        with contextlib.suppress(ssl.SSLError):
            assert await reader.read() == b""
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        await connect(TcpTransport(ALICE), listener)


async def test_an_outsider_of_a_closed_cluster_is_refused_on_both_sides() -> None:
    authority = Authority.generate()
    member = TcpTransport(BOB, membership=authority.issue(BOB.public_key_der))
    other = TcpTransport(ALICE, membership=authority.issue(ALICE.public_key_der))
    refusals = Refusals()
    async with listening(member, refusals) as listener:
        with pytest.raises(HandshakeFailed, match="certificate"):
            await TcpTransport(MALLORY).dial(listener.endpoint, expect=None, timeout=5)
        # asyncio does not send the alert that would tell the listener more.
        assert (await refusals.next()).reason in {"connection", "certificate"}
        await connect(other, listener)


async def test_a_node_that_relays_is_not_taken_for_the_one_behind_it() -> None:
    async with listening(TcpTransport(BOB)) as bob, listening(TcpTransport(MALLORY)) as mallory:
        relay = await TcpTransport(MALLORY).dial(bob.endpoint, expect=BOB.node_id, timeout=5)
        with pytest.raises(HandshakeFailed, match=f"dialed {BOB.node_id}, but {MALLORY.node_id}") as raised:
            await TcpTransport(ALICE).dial(mallory.endpoint.without_peer(), expect=BOB.node_id, timeout=5)
        assert raised.value.reason == "node_id"
        accepted = await bob.accept()
        assert accepted.peer_id == MALLORY.node_id
        await asyncio.gather(relay.aclose(), accepted.aclose())


async def test_a_plaintext_stream_proves_nobody() -> None:
    plain = TcpTransport(plaintext=True)
    async with listening(plain) as listener:
        dialed = await plain.dial(listener.endpoint, expect=BOB.node_id, timeout=5)
        accepted = await listener.accept()
        assert dialed.peer_id is accepted.peer_id is None
        assert not dialed.secure
        await asyncio.gather(dialed.aclose(), accepted.aclose())


async def test_a_plaintext_dialer_and_a_secure_listener_do_not_meet() -> None:
    refusals = Refusals()
    async with listening(TcpTransport(BOB), refusals) as listener:
        dialed = await TcpTransport(plaintext=True).dial(listener.endpoint, expect=None, timeout=5)
        dialed.write(b"peerbus\0" * 4)
        assert (await refusals.next()).reason == "tls"
        await dialed.aclose()


async def test_hanging_handshakes_delay_nobody() -> None:
    async with listening(TcpTransport(BOB)) as listener:
        with raw_connections(listener, 3):
            await connect(TcpTransport(ALICE), listener)


async def test_a_hanging_handshake_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket_listener, "HANDSHAKE_TIMEOUT", 0.0)
    refusals = Refusals()
    async with listening(TcpTransport(BOB), refusals) as listener:
        with raw_connections(listener, 1) as (sock,):
            assert (await refusals.next()).reason == "timeout"
            assert await closed_by_the_other_side(sock)


async def test_one_pending_handshake_too_many_is_refused_at_once() -> None:
    refusals = Refusals()
    bob = TcpTransport(BOB, max_connections_per_address_per_second=1000)
    async with listening(bob, refusals) as listener:
        with raw_connections(listener, MAX_PENDING_HANDSHAKES + 1) as strangers:
            assert (await refusals.next()).reason == "busy"
            assert await closed_by_the_other_side(strangers[-1])
        for _ in range(MAX_PENDING_HANDSHAKES):
            assert (await refusals.next()).reason == "connection"
        await connect(TcpTransport(ALICE), listener)


async def test_too_many_connections_of_one_address_are_refused() -> None:
    refusals = Refusals()
    bob = TcpTransport(BOB, max_connections_per_address_per_second=2)
    async with listening(bob, refusals) as listener:
        with raw_connections(listener, 3) as strangers:
            assert (await refusals.next()).reason == "rate"
            assert await closed_by_the_other_side(strangers[-1])


async def test_a_callback_that_raises_does_not_end_the_listener() -> None:
    raised = asyncio.Event()
    asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: raised.set())

    def on_refused(source: Endpoint | None, error: Exception) -> None:
        raise ValueError(f"{source}: {error}")

    listener = await TcpTransport(BOB).listen(LOOPBACK, on_refused=on_refused)
    with raw_connections(listener, 1):
        pass
    await raised.wait()
    await connect(TcpTransport(ALICE), listener)
    await listener.aclose()


async def test_when_files_run_out_the_listener_waits_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket_listener, "_EXHAUSTED_PAUSE", 0.0)
    errors: asyncio.Queue[Exception] = asyncio.Queue()
    listener = await TcpTransport(BOB).listen(LOOPBACK, on_refused=lambda _, error: errors.put_nowait(error))

    class Exhausted(socket.socket):
        failures = 2

        def accept(self) -> tuple[socket.socket, object]:
            if Exhausted.failures:
                Exhausted.failures -= 1
                raise OSError(24, "Too many open files")
            return super().accept()

    real = listener._socket
    listener._socket = Exhausted(fileno=real.detach())
    await connect(TcpTransport(ALICE), listener)
    assert [str(await errors.get()) for _ in range(2)] == ["[Errno 24] Too many open files"] * 2
    await listener.aclose()


async def test_a_lost_listening_socket_ends_accept() -> None:
    listener = await TcpTransport(BOB).listen(LOOPBACK)

    class Lost(socket.socket):
        def accept(self) -> tuple[socket.socket, object]:
            raise OSError(9, "Bad file descriptor")

    real = listener._socket
    listener._socket = Lost(fileno=real.detach())
    with raw_connections(listener, 1), pytest.raises(StreamBroken, match="Bad file descriptor"):
        await listener.accept()
    await listener.aclose()


async def test_every_address_of_a_name_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    async with listening(TcpTransport(BOB)) as listener:
        port = listener.endpoint.port

        async def resolve(host: str, asked: int) -> list[tuple[int, tuple[str, int]]]:
            assert (host, asked) == ("bob.example", port)
            # Nobody listens on 127.0.0.2, nor on the IPv6 loopback at this port.
            return [
                (socket.AF_INET, ("127.0.0.2", port)),
                (socket.AF_INET6, ("::1", port)),
                (socket.AF_INET, ("127.0.0.1", port)),
            ]

        monkeypatch.setattr(tcp, "_resolve", resolve)
        endpoint = Endpoint("tcp", host="bob.example", port=port, peer_id=BOB.node_id)
        dialed = await TcpTransport(ALICE).dial(endpoint, expect=None, timeout=5)
        accepted = await listener.accept()
        assert str(dialed.remote) == str(listener.endpoint)
        await asyncio.gather(dialed.aclose(), accepted.aclose())


async def test_a_name_is_resolved_at_every_dial(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    async def resolve(host: str, _port: int) -> list[tuple[int, tuple[str, int]]]:
        asked.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(tcp, "_resolve", resolve)
    endpoint = Endpoint("tcp", host="bob.example", port=1)
    for _ in range(2):
        with pytest.raises(DialFailed, match=r"tcp://bob\.example:1: the name cannot be resolved"):
            await TcpTransport(ALICE).dial(endpoint, expect=None, timeout=5)
    with pytest.raises(ListenFailed) as failed:
        await TcpTransport(ALICE).listen(endpoint)
    assert str(failed.value) == "tcp://bob.example:1: the name cannot be resolved: Name or service not known"
    assert asked == ["bob.example"] * 3


async def test_a_dial_that_fails_says_once_where_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    endpoint = Endpoint("tcp", host="127.0.0.1", port=port)  # nobody listens there any more
    with pytest.raises(DialFailed) as failed:
        await TcpTransport(ALICE).dial(endpoint, expect=None, timeout=5)
    assert str(failed.value) == f"{endpoint}: Connection refused"

    async def resolve(_host: str, port: int) -> list[tuple[int, tuple[str, int]]]:
        return [(socket.AF_INET, ("127.0.0.1", port)), (socket.AF_INET, ("127.0.0.2", port))]

    monkeypatch.setattr(tcp, "_resolve", resolve)
    endpoint = Endpoint("tcp", host="bob.example", port=port)
    with pytest.raises(DialFailed) as failed:
        await TcpTransport(ALICE).dial(endpoint, expect=None, timeout=5)
    assert str(failed.value) == f"{endpoint}: 127.0.0.1: Connection refused; 127.0.0.2: Connection refused"


async def test_an_address_that_never_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = Endpoint("tcp", host="127.0.0.1", port=silent.getsockname()[1])
        with pytest.raises(DialFailed, match="no answer within"):
            await TcpTransport(ALICE).dial(endpoint, expect=None, timeout=0.05)


async def test_port_zero_cannot_be_dialed() -> None:
    with pytest.raises(DialFailed, match="port 0"):
        await TcpTransport(ALICE).dial(LOOPBACK, expect=None, timeout=1)


async def test_two_different_expectations_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="names one node"):
        await TcpTransport(ALICE).dial(LOOPBACK.with_peer(BOB.node_id), expect=ALICE.node_id, timeout=1)


async def test_sockets_are_tuned_for_messages() -> None:
    async with listening(TcpTransport(BOB)) as listener:
        dialed = await TcpTransport(ALICE).dial(listener.endpoint, expect=None, timeout=5)
        accepted = await listener.accept()
        for stream in (dialed, accepted):
            assert isinstance(stream, SocketStream)
            option: Callable[[int, int], int] = stream._socket.getsockopt
            assert option(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            assert option(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            assert option(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 60_000
        await asyncio.gather(dialed.aclose(), accepted.aclose())


async def test_a_cut_connection_is_no_end() -> None:
    plain = TcpTransport(plaintext=True)
    async with listening(plain) as listener:
        dialed = await plain.dial(listener.endpoint, expect=None, timeout=5)
        accepted = await listener.accept()
        dialed.abort()
        with pytest.raises(StreamBroken, match="reset"):
            await accepted.read()
        await asyncio.gather(dialed.aclose(), accepted.aclose())
        assert repr(dialed).endswith("lost>")


@pytest.mark.parametrize("loop_factory", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_an_end_without_tls_close_is_a_break(loop_factory: Callable[[], asyncio.AbstractEventLoop]) -> None:
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(_truncate())


async def _truncate() -> None:
    async with listening(TcpTransport(BOB)) as listener:
        dialed = await TcpTransport(ALICE).dial(listener.endpoint, expect=None, timeout=5)
        accepted = await listener.accept()
        # What somebody in between can do: end the TCP connection, as if all had been said.
        assert isinstance(dialed, SocketStream)
        dialed._socket.shutdown(socket.SHUT_WR)
        with pytest.raises(StreamBroken, match="without an end"):
            await accepted.read()
        await asyncio.gather(dialed.aclose(), accepted.aclose())
