"""Unix sockets: their files, and the user on the other side."""

# ruff: noqa: ASYNC240  # the files are what these tests are about, and nothing else runs meanwhile

from __future__ import annotations

import asyncio
import os
import socket
import stat
from pathlib import Path

import pytest

from peerbus.actors.base.errors import DialFailed, HandshakeFailed, ListenFailed
from peerbus.transports.streams import unix
from peerbus.transports.streams.endpoint import Endpoint
from peerbus.transports.streams.identity import Identity
from peerbus.transports.streams.socket_listener import SocketListener
from peerbus.transports.streams.socket_stream import SocketStream
from peerbus.transports.streams.unix import UnixTransport

BOB = Identity.from_seed(b"b" * 32)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "s"


@pytest.fixture
def place(file: Path) -> Endpoint:
    return Endpoint("unix", path=str(file))


async def connect(listener: SocketListener[SocketStream]) -> None:
    dialed = await UnixTransport().dial(listener.endpoint, expect=None, timeout=5)
    accepted = await listener.accept()
    await asyncio.gather(dialed.aclose(), accepted.aclose())


async def test_the_socket_file_is_for_its_user_and_goes_with_the_listener(place: Endpoint, file: Path) -> None:
    listener = await UnixTransport().listen(place)
    mode = file.stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600
    await listener.aclose()
    assert not file.exists()


async def test_a_stale_socket_file_is_replaced(place: Endpoint) -> None:
    with socket.socket(socket.AF_UNIX) as crashed:
        crashed.bind(place.path)
    listener = await UnixTransport().listen(place)
    await connect(listener)
    await listener.aclose()


async def test_a_socket_that_somebody_answers_on_is_not_replaced(place: Endpoint) -> None:
    listener = await UnixTransport().listen(place)
    with pytest.raises(ListenFailed, match="another process listens"):
        await UnixTransport().listen(place)
    await connect(listener)
    await listener.aclose()


async def test_a_busy_listener_counts_as_one_that_answers(place: Endpoint) -> None:
    with socket.socket(socket.AF_UNIX) as busy, socket.socket(socket.AF_UNIX) as first:
        busy.bind(place.path)
        busy.listen(0)
        first.connect(place.path)
        with pytest.raises(ListenFailed, match="another process listens"):
            await UnixTransport().listen(place)


async def test_a_file_that_is_no_socket_is_not_touched(place: Endpoint, file: Path) -> None:
    file.write_text("precious")
    with pytest.raises(ListenFailed, match="no socket"):
        await UnixTransport().listen(place)
    assert file.read_text() == "precious"


async def test_a_file_that_took_our_place_is_not_removed(place: Endpoint, file: Path) -> None:
    listener = await UnixTransport().listen(place)
    away = file.rename(file.with_suffix(".away"))
    file.write_text("another")
    await listener.aclose()
    assert file.read_text() == "another"
    away.unlink()


async def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(ListenFailed, match=r"missing/s: No such file"):
        await UnixTransport().listen(Endpoint("unix", path=str(tmp_path / "missing" / "s")))


async def test_a_path_longer_than_a_socket_allows_is_refused_with_its_length() -> None:
    endpoint = Endpoint("unix", path="/" + "é" * 54)
    with pytest.raises(ListenFailed, match="the path has 109 bytes, a socket's has at most 107"):
        await UnixTransport().listen(endpoint)
    with pytest.raises(DialFailed, match="109 bytes"):
        await UnixTransport().dial(endpoint, expect=None, timeout=1)


async def test_a_process_of_another_user_is_refused_on_both_sides(
    place: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused: asyncio.Queue[Exception] = asyncio.Queue()
    listener = await UnixTransport().listen(place, on_refused=lambda _, error: refused.put_nowait(error))
    monkeypatch.setattr(unix, "_CREDENTIALS", _Pretend(os.geteuid() + 1))
    with pytest.raises(HandshakeFailed) as raised:
        await UnixTransport().dial(place, expect=None, timeout=5)
    assert raised.value.reason == "user"
    error = await refused.get()
    assert isinstance(error, HandshakeFailed)
    assert error.reason == "user"
    await listener.aclose()


async def test_any_user_lets_them_in(place: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unix, "_CREDENTIALS", _Pretend(os.geteuid() + 1))
    transport = UnixTransport(any_user=True)
    listener = await transport.listen(place)
    dialed = await transport.dial(place, expect=None, timeout=5)
    accepted = await listener.accept()
    await asyncio.gather(dialed.aclose(), accepted.aclose())
    await listener.aclose()


def test_a_secure_one_needs_an_identity() -> None:
    with pytest.raises(ValueError, match="needs an identity"):
        UnixTransport(secure=True)


async def test_a_plain_one_proves_nobody_and_a_secure_one_does(place: Endpoint) -> None:
    for transport, peer in ((UnixTransport(), None), (UnixTransport(BOB, secure=True), BOB.node_id)):
        listener = await transport.listen(place)
        dialed = await transport.dial(place, expect=peer, timeout=5)
        accepted = await listener.accept()
        assert dialed.peer_id == accepted.peer_id == peer
        assert dialed.secure == (peer is not None)
        await asyncio.gather(dialed.aclose(), accepted.aclose())
        await listener.aclose()


class _Pretend:
    """Reads every process's credentials as this user's."""

    size = 12

    def __init__(self, user: int) -> None:
        self._user = user

    def unpack(self, _raw: bytes) -> tuple[int, int, int]:
        return (1, self._user, self._user)
