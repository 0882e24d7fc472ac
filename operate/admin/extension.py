"""The admin API of one node, as an extension of it: `Node("alice", extensions=[Admin()])`.

`curl --unix-socket alice.sock http://localhost/v1/node`; /openapi.json says what there is. Over TCP, / is a page that
shows it.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path

from ...actors.base import ConfigError, InFull, PeerbusError, get_logger, spelled
from ...node.views import NodeViews
from ..api import ApiAnswer, ApiError, ApiRequest, Permission, Streamed, malformed
from ..page import LookedAt, PageDoor, cookie_name
from ..serving import (
    Entrance,
    HttpRequest,
    HttpServer,
    ServerCertificate,
    Sessions,
    SocketPlace,
    TcpPlace,
    bind_socket,
    check_socket,
    check_token,
    default_socket,
    default_token,
    make_folder,
    place_of,
    read_certificate,
    read_token,
    remove_socket,
)
from .following import FOLLOWING
from .live import LIVE
from .looking import LOOKING
from .openapi import document
from .route import ApiRoute, RouteTable, answer, split_target
from .ruling import RULING
from .scraping import SCRAPING
from .sending import SENDING
from .steering import STEERING

__all__ = ["ROUTES", "Admin"]

log = get_logger("peerbus.operate")


async def _document(_node: NodeViews, _request: ApiRequest) -> object:
    """What can be asked."""
    return document(ROUTES)


#: All that can be asked.
ROUTES: tuple[ApiRoute, ...] = (
    *LOOKING,
    *FOLLOWING,
    *LIVE,
    *STEERING,
    *RULING,
    *SENDING,
    *SCRAPING,
    ApiRoute("GET", "/openapi.json", _document, "This document."),
)


@spelled
class Admin:
    """See the module. It lives as long as its node: one for each node.

    `at`: `unix:///run/alice.sock`, a path, `http://127.0.0.1:7401` or `https://host:port`; None for a Unix socket of
    the node's name in `$XDG_RUNTIME_DIR/peerbus`, else in the folder `beside`, else in /tmp. The socket's mode is 0600.
    `write`: callers may pull levers and send messages; None: on a Unix socket they may, over TCP not.
    `token`: over TCP, the file of the bearer token, mode 0600, made where there is none; None for NAME.token where the
    socket would be. `certificate` and `key`: files in PEM, for https; `Host` may be what the certificate names.
    `required`: False to run the node without it where its place cannot be had, and log that.

    Raises ConfigError where these do not go together.

    ```python
    seen = Node("bob", extensions=[Admin("unix:///tmp/bob.sock")])
    ```
    """

    def __init__(
        self,
        at: str | None = None,
        *,
        write: bool | None = None,
        token: str | Path | None = None,
        certificate: str | Path | None = None,
        key: str | Path | None = None,
        beside: Path | None = None,
        required: bool = True,
    ) -> None:
        self._place = None if at is None else place_of(at)
        self._beside = beside
        self._required = required
        by_tcp = isinstance(self._place, TcpPlace)
        if token is not None and not by_tcp:
            raise ConfigError(f"an admin API at {at or 'a Unix socket'} takes no token: its mode is its guard")
        secure = isinstance(self._place, TcpPlace) and self._place.secure
        if secure != (certificate is not None) or (certificate is None) != (key is None):
            raise ConfigError("https:// takes certificate and key, two files, and nothing else does")
        self._scope = Permission.WRITE if (not by_tcp if write is None else write) else Permission.READ
        self._token = None if token is None else Path(token)
        self._certificate: ServerCertificate | None = None
        if certificate is not None and key is not None:
            self._certificate = read_certificate(Path(certificate), Path(key))
        self._table = RouteTable(ROUTES)
        self._node: NodeViews | None = None
        self._server: HttpServer | None = None
        self._access = Entrance(self._scope)
        self._door: PageDoor | None = None
        self._socket: tuple[Path, tuple[int, int]] | None = None
        #: Where it listens, with the real port; None while it does not.
        self.address: str | None = None

    def check(self) -> None:
        """Look at the place and the token as `start` does, and make nothing. Raises ConfigError."""
        if isinstance(self._place, SocketPlace):
            check_socket(self._place.path)
        elif self._token is not None:
            check_token(self._token)

    async def start(self, node: NodeViews) -> None:
        """Listen. Raises ConfigError where that place cannot be had, and PeerbusError for a second node."""
        if self._node is not None:
            raise PeerbusError("an Admin belongs to one node: make another for each")
        self._node = node
        try:
            bound = self._bind(node)
        except ConfigError as error:
            if self._required:
                raise
            log.warning("no admin API", node=node.name, why=str(error))
            return
        try:
            await self._listen(bound)
        except BaseException:
            bound.close()
            raise
        more = {} if self._token is None else {"token": InFull(str(self._token))}
        log.info("admin API", node=node.name, at=InFull(self.address), scope=self._scope.value, **more)

    async def _listen(self, bound: socket.socket) -> None:
        self._server = HttpServer(self._handle)
        if self._certificate is not None and self._certificate.expired():
            log.warning("the admin API's certificate has ended", ended=str(self._certificate.ends))
        await self._server.start(bound, None if self._certificate is None else self._certificate.context)

    def _bind(self, node: NodeViews) -> socket.socket:
        place = self._place or SocketPlace(default_socket(node.name, os.environ, self._beside))
        if isinstance(place, SocketPlace):
            bound = bind_socket(place.path)
            made = os.lstat(place.path)
            self._socket = place.path, (made.st_dev, made.st_ino)
            self.address = str(place)
            return bound
        token = read_token(self._token_file(node.name))
        try:
            family, kind, _, _, address = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)[0]
            bound = socket.socket(family, kind)
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(address)
        except OSError as error:
            raise ConfigError(f"the admin API cannot be at {place}: {error.strerror or error}") from error
        port = bound.getsockname()[1]
        also = frozenset() if self._certificate is None else self._certificate.names
        self._access = Entrance(
            self._scope, token, place.names(port, also), place.secure, Sessions(), cookie_name(port)
        )
        self._door = PageDoor(
            self._access,
            lambda: [LookedAt("0", node.name, "", node.node_id)],
            live="/v1/live",
            signed_out="Paste the token of this node: whoever runs it has it in a file, which the node's log names.",
        )
        self.address = str(TcpPlace(place.host, port, place.secure))
        return bound

    def _token_file(self, name: str) -> Path:
        if self._token is None:
            self._token = default_token(name, os.environ, self._beside)
            try:
                make_folder(self._token.parent)
            except OSError as error:
                raise ConfigError(f"the token {self._token} cannot be made: {error.strerror}") from error
        return self._token

    async def aclose(self) -> None:
        """Listen no more, end what is under way, and remove the socket. Idempotent."""
        server, self._server, self.address = self._server, None, None
        if server is not None:
            await server.aclose()
        if self._socket is not None:
            remove_socket(*self._socket)
            self._socket = None

    async def _handle(self, received: HttpRequest) -> ApiAnswer | Streamed:
        node = self._node
        assert node is not None
        if self._door is not None and (page := await self._door.answer(received)) is not None:
            return page
        # First who asks: a stranger learns nothing of what there is.
        self._access.check(received.headers, Permission.READ)
        path, query = split_target(received.target)
        route, named = self._table.find(received.verb, path)
        self._access.check(received.headers, route.needs)
        request = ApiRequest(received.verb, named, query, received.headers, await received.body())
        if route.needs is Permission.WRITE:
            log.info("admin request", node=node.name, verb=received.verb, path=path)
        try:
            return await answer(route, node, request)
        except ConfigError as error:
            if node.bus.closing:
                raise ApiError(503, "shutting_down", f"{node.name} is shutting down") from None
            raise malformed(error) from None
        except PeerbusError as error:
            raise ApiError(503, getattr(error, "reason", "unavailable"), str(error)) from None
