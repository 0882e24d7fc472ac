"""Unix domain sockets: streams between processes of one machine, open to one user by default."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import ssl
import stat
import struct
import sys
from pathlib import Path
from typing import Final

from ...actors.base import DialFailed, HandshakeFailed, ListenFailed, spelled
from .endpoint import Endpoint
from .identity import Identity, id_mismatch
from .schemes import Scheme, register
from .shapes import PATH
from .socket_handshake import open_stream
from .socket_listener import SocketListener
from .socket_stream import SocketStream
from .tls import client_context, server_context
from .transport import Refused, expected_peer
from .transport_kind import TransportKind, TransportOptions

__all__ = ["UNIX", "UnixTransport", "check_socket_path"]

#: sun_path has 108 bytes on Linux, 104 on the BSDs and macOS, the last of them a zero (unix(7), unix(4)).
_MAX_PATH: Final = 107 if sys.platform == "linux" else 103
_BACKLOG: Final = 128
#: struct ucred: process, user and group id (unix(7), SO_PEERCRED).
_CREDENTIALS: Final = struct.Struct("iii")

_UNIX: Final = register(Scheme.on_machine("unix", PATH))


@spelled
class UnixTransport:
    """`unix:///path`: streams that only processes of this user, or of root, may open.

    With an `identity` it runs the same TLS as TCP: whoever runs as the same user has not therefore the same key.
    `secure=False` leaves that out, as does no identity: then `peer_id` is None, and the peer is whom the handshake
    above claims. `any_user=True` lets processes of other users in; the file's mode is 0600 all the same, so change it
    if they should. Raises ValueError for `secure=True` without an identity.

    ```python
    identity = Identity.generate()
    bob = Node("bob", identity=identity, transports=[UnixTransport(identity)], listen=["unix:///tmp/bob.sock"])
    ```
    """

    schemes: tuple[str, ...] = (_UNIX.name,)

    def __init__(
        self,
        identity: Identity | None = None,
        *,
        secure: bool | None = None,
        any_user: bool = False,
    ) -> None:
        self._own_id: str | None = None
        self._server_tls: ssl.SSLContext | None = None
        self._client_tls: ssl.SSLContext | None = None
        if secure or (secure is None and identity is not None):
            if identity is None:
                raise ValueError("UnixTransport(secure=True) needs an identity")
            self._own_id = identity.node_id
            self._server_tls = server_context(identity)
            self._client_tls = client_context(identity)
        self._any_user = any_user

    async def dial(self, endpoint: Endpoint, *, expect: str | None, timeout: float) -> SocketStream:
        """As `Transport.dial`; HandshakeFailed with reason `user` if another user answers."""
        wanted = expected_peer(self, endpoint, expect)
        sock: socket.socket | None = None
        try:
            check_socket_path(endpoint)
            async with asyncio.timeout(timeout):
                sock = await _connect(endpoint.path)
                stream = await self._open(sock, endpoint, tls=self._client_tls, server_side=False)
        except TimeoutError as error:
            raise DialFailed(f"{endpoint}: no answer within {timeout} s") from error
        except (OSError, ValueError) as error:
            raise DialFailed(f"{endpoint}: {getattr(error, 'strerror', None) or error}") from error
        why = id_mismatch(wanted, stream.peer_id)
        if why is not None:
            stream.abort()
            raise HandshakeFailed("node_id", why)
        return stream

    async def listen(self, endpoint: Endpoint, *, on_refused: Refused | None = None) -> SocketListener[SocketStream]:
        """As `Transport.listen`: a socket file that nobody answers on is replaced, another is not."""
        expected_peer(self, endpoint, None)
        try:
            sock, own = _bind(endpoint)
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise ListenFailed(f"{endpoint}: {why}") from error
        place = endpoint.with_peer(self._own_id)

        async def welcome(accepted: socket.socket, source: Endpoint | None) -> SocketStream:
            del source  # every caller has the same one
            return await self._open(accepted, place, tls=self._server_tls, server_side=True)

        return SocketListener(
            sock,
            place,
            welcome=welcome,
            source=lambda _: place.without_peer(),
            hears_first=self._server_tls is not None,
            on_refused=on_refused,
            on_close=lambda: _remove(Path(endpoint.path), own),
        )

    async def _open(
        self,
        sock: socket.socket,
        endpoint: Endpoint,
        *,
        tls: ssl.SSLContext | None,
        server_side: bool,
    ) -> SocketStream:
        try:
            self._check_user(sock)
        except (OSError, HandshakeFailed):
            sock.close()
            raise
        stream = await open_stream(sock, tls=tls, server_side=server_side)
        place = endpoint.without_peer()
        stream.place(place, place, own_id=self._own_id)
        return stream

    def _check_user(self, sock: socket.socket) -> None:
        if self._any_user or not hasattr(socket, "SO_PEERCRED"):
            return  # elsewhere than on Linux the file's mode alone keeps others out
        raw = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        _, user, _ = _CREDENTIALS.unpack(raw)
        if user not in (0, os.geteuid()):
            raise HandshakeFailed("user", f"a process of user {user} is on the other side")


def check_socket_path(endpoint: Endpoint) -> None:
    """Raise ValueError where a path is too long for a socket."""
    length = len(os.fsencode(endpoint.path))
    if length > _MAX_PATH:
        raise ValueError(f"the path has {length} bytes, a socket's has at most {_MAX_PATH}")


def _make(options: TransportOptions) -> UnixTransport:
    return UnixTransport(options.identity)


def _check(endpoint: Endpoint, listens: bool) -> None:
    check_socket_path(endpoint)
    if not listens:
        return
    folder = os.path.dirname(endpoint.path)
    if not os.path.isdir(folder):
        raise ValueError(f"the folder {folder} does not exist")
    try:
        is_socket = stat.S_ISSOCK(os.lstat(endpoint.path).st_mode)
    except OSError:  # nothing is there, or it is not for us to see: the folder will say
        return
    if not is_socket:
        raise ValueError("something that is no socket is there already")


UNIX: Final = TransportKind(scheme=_UNIX, make=_make, check=_check)


async def _connect(path: str) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, path)
    except BaseException:
        sock.close()
        raise
    return sock


def _bind(endpoint: Endpoint) -> tuple[socket.socket, os.stat_result]:
    """A listening socket, and what tells its file from a later one."""
    check_socket_path(endpoint)
    path = Path(endpoint.path)
    _remove_stale(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        sock.bind(endpoint.path)
        own = path.lstat()
        try:
            # Before `listen` nobody can connect, so the moment with another mode does no harm.
            path.chmod(0o600)
            sock.listen(_BACKLOG)
        except OSError:
            _remove(path, own)
            raise
    except OSError:
        sock.close()
        raise
    return sock, own


def _remove_stale(path: Path) -> None:
    """Make room at `path`. Raises: OSError if something lives there."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise FileExistsError(errno.EEXIST, "something that is no socket is there already")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
        # Never waits: an unconnected Unix socket is answered, refused or told to try again.
        caller.setblocking(False)
        try:
            caller.connect(str(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
            return
        except FileNotFoundError:
            return
        except BlockingIOError:
            pass
    raise OSError(errno.EADDRINUSE, "another process listens there")


def _remove(path: Path, own: os.stat_result) -> None:
    """Remove our socket file, unless another one took its place."""
    with contextlib.suppress(OSError):
        now = path.lstat()
        if (now.st_dev, now.st_ino) == (own.st_dev, own.st_ino):
            path.unlink()
