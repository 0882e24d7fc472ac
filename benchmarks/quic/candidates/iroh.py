"""iroh (Rust, by uniffi): its connections are of keys of Ed25519, so of nodes; a dialed node is named by its key."""

from __future__ import annotations

import ctypes
import inspect
import os
from typing import Any, Final

import iroh
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from peerbus.transports import Identity, Transport
from peerbus.transports.streams import node_id_of_key

from ..pipe import Pipe, Serve
from .tasks import Tasks

__all__ = ["Iroh"]

_ALPN: Final = b"peerbus/1"
#: A stream of QUIC is not seen before its first byte.
_HELLO: Final = b"P"


class _StreamPipe:
    def __init__(self, connection: Any, both: Any) -> None:
        self.peer: str | None = _node_of(connection.remote_id().to_bytes())
        self._connection, self._sends, self._reads = connection, both.send(), both.recv()

    async def send(self, data: bytes) -> None:
        await self._sends.write_all(data)

    async def receive(self) -> bytes:
        return bytes(await self._reads.read(64 * 1024))

    async def close(self) -> None:
        await self._sends.finish()


class Iroh:
    """With PEERBUS_QUIC_MENDED=1 the method that copies byte by byte is replaced, by no public interface."""

    packages: tuple[str, ...] = ("iroh",)
    remark = ""

    def __init__(self) -> None:
        if os.environ.get("PEERBUS_QUIC_MENDED"):
            self.remark = "copying mended" if _mend_copying() else "copying needs no mending"
        self._tasks = Tasks()
        self._endpoints: list[Any] = []
        self._connections: list[Any] = []

    def transport(self, identity: Identity) -> Transport | None:
        """As `Candidate.transport`."""
        del identity
        return None

    async def listen(self, identity: Identity, serve: Serve) -> str:
        """As `Candidate.listen`; the place has the key, as a node id is only its hash."""
        endpoint = await self._bind(identity)
        self._tasks.begin(self._accept(endpoint, serve))
        return f"{endpoint.bound_sockets()[0]}/{endpoint.id().to_bytes().hex()}"

    async def dial(self, identity: Identity, place: str, expected: str) -> Pipe:
        """As `Candidate.dial`."""
        address, _, key = place.partition("/")
        if _node_of(bytes.fromhex(key)) != expected:
            raise ConnectionRefusedError(f"that is the key of {_node_of(bytes.fromhex(key))}")
        endpoint = await self._bind(identity)
        there = iroh.EndpointAddr(iroh.EndpointId.from_bytes(bytes.fromhex(key)), None, [address])
        connection = await endpoint.connect(there, _ALPN)
        both = await connection.open_bi()
        await both.send().write_all(_HELLO)
        return _StreamPipe(connection, both)

    async def aclose(self) -> None:
        """As `Candidate.aclose`."""
        await self._tasks.cancel()
        for endpoint in self._endpoints:
            await endpoint.close()

    async def _bind(self, identity: Identity) -> Any:  # of a package without types here
        """Without relays and look-ups. It listens at all IPv6 addresses as well, at a port of its own."""
        key = serialization.load_pem_private_key(identity.encrypted_pem(b"in memory"), b"in memory")
        assert isinstance(key, Ed25519PrivateKey)
        endpoint = await iroh.Endpoint.bind(
            iroh.EndpointOptions(
                preset=iroh.preset_minimal(),
                bind_addr="127.0.0.1:0",
                secret_key=key.private_bytes_raw(),
                alpns=[_ALPN],
                relay_mode=iroh.RelayMode.disabled(),
            )
        )
        self._endpoints.append(endpoint)
        return endpoint

    async def _accept(self, endpoint: Any, serve: Serve) -> None:
        while (incoming := await endpoint.accept_next()) is not None:
            self._tasks.begin(self._welcome(incoming, serve))

    async def _welcome(self, incoming: Any, serve: Serve) -> None:
        connection = await (await incoming.accept()).connect()
        both = await connection.accept_bi()
        await both.recv().read_exact(len(_HELLO))
        self._connections.append(connection)  # one that nobody holds is closed
        self._tasks.serve(_StreamPipe(connection, both), serve)


def _node_of(key: bytes) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    public = Ed25519PublicKey.from_public_bytes(key)
    return node_id_of_key(public.public_bytes(serialization.Encoding.DER, form))


def _mend_copying() -> bool:
    """Replace the method that uniffi before 0.32 copies bytes with, one by one; False: it is another one already."""
    builder: Any = getattr(iroh.iroh_ffi, "_UniffiRustBufferBuilder", None)
    if builder is None or (builder.write is not _write and "enumerate(value)" not in inspect.getsource(builder.write)):
        return False
    builder.write = _write
    return True


def _write(self: Any, value: bytes) -> None:
    with self._reserve(len(value)):
        if value:
            place = ctypes.addressof(self.rbuf.data.contents) + self.rbuf.len
            ctypes.memmove(place, bytes(value), len(value))
