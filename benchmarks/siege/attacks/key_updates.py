"""Strangers and peers that renew the keys of their TLS without end: records that carry nothing, and cost time."""

from __future__ import annotations

import asyncio
import ctypes
import ctypes.util
import ssl
from collections.abc import Mapping

from peerbus.transports.streams.identity import Identity
from peerbus.transports.streams.tls import client_context

from ..attack import Attack, Target, source_address
from ..raw import PREFACE, Wire, reset

__all__ = ["ATTACK"]

#: KeyUpdates that are written at once.
_BLOCK = 100
#: More of one connection are not taken: what stays in buffers on the way has been sent all the same.
_TOO_MANY = 50_000


def _library() -> ctypes.CDLL | None:
    """OpenSSL as a library of its own, where it is the one of this Python."""
    name = ctypes.util.find_library("ssl")
    library = None if name is None else ctypes.CDLL(name)
    if library is None or not hasattr(library, "SSL_key_update"):
        return None
    library.OpenSSL_version_num.restype = ctypes.c_ulong
    library.SSL_key_update.argtypes = [ctypes.c_void_p, ctypes.c_int]
    return library if int(library.OpenSSL_version_num()) >> 20 == ssl.OPENSSL_VERSION_NUMBER >> 20 else None


class _Tls:
    """TLS by hand, over a plain connection."""

    def __init__(self, plain: Wire, identity: Identity) -> None:
        self._plain = plain
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.end = client_context(identity).wrap_bio(self._incoming, self._outgoing, server_hostname=None)

    async def shake_hands(self) -> None:
        while True:
            try:
                self.end.do_handshake()
            except ssl.SSLWantReadError:
                await self.flush()
                data = await self._plain.reader.read(65536)
                if not data:
                    raise EOFError("it ended") from None
                self._incoming.write(data)
            else:
                return await self.flush()

    async def flush(self) -> None:
        self._plain.writer.write(self._outgoing.read())
        await self._plain.writer.drain()


async def _run(target: Target) -> None:
    library = _library()
    if library is None:
        target.facts["done"] = target.facts["no OpenSSL to do it with"] = 1
        return

    async def once(number: int) -> None:
        target.facts["connections"] += 1
        identity = Identity.generate()
        plain = await Wire.open(target, source=source_address(number))
        ended: asyncio.Future[bytes] | None = None
        try:
            tls = _Tls(plain, identity)
            async with asyncio.timeout(10.0):
                await tls.shake_hands()
            if number % 2:  # as a stranger, who has yet to say HELLO; else on the way to be a peer
                tls.end.write(PREFACE + plain.frame("HELLO", plain.hello(target, identity)) + plain.frame("WELCOME"))
                await tls.flush()
            # An object of `_ssl`: its head, its socket, and then the SSL of OpenSSL.
            place = id(tls.end._sslobj) + 3 * ctypes.sizeof(ctypes.c_void_p)  # type: ignore[attr-defined]  # private
            pointer = ctypes.c_void_p.from_address(place)
            ended = asyncio.ensure_future(plain.reader.read(-1))
            for _ in range(target.scaled(1_000_000, 60)):
                if ended.done():
                    target.facts["refused"] += 1
                    break
                for _ in range(_BLOCK):
                    library.SSL_key_update(pointer, 0)
                    tls.end.do_handshake()
                target.facts["key updates"] += _BLOCK
                await tls.flush()
                await asyncio.sleep(0)
        except OSError:
            target.facts["refused"] += 1
        finally:
            reset(plain.writer)
            if ended is not None:
                ended.cancel()
                await asyncio.gather(ended, return_exceptions=True)

    await target.repeat(once, side_by_side=target.scaled(4, 2))


def _judge(facts: Mapping[str, int]) -> tuple[str, ...]:
    each = facts.get("key updates", 0) / max(1, facts.get("connections", 0))
    return (f"{each:.0f} key updates of each connection were taken",) if each > _TOO_MANY else ()


ATTACK = Attack(
    number=5,
    name="key-updates",
    about="four connections that renew the keys of their TLS at full speed, with fresh keys when they are refused",
    run=_run,
    small=2,
    judge=_judge,
)
