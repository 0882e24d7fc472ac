"""The dashboard: the page on a port of 127.0.0.1, for browsers that come with its link, and the way to the nodes.

| ask | and get |
| --- | --- |
| `/`, `/session` | the page, and the way in; see `page.door` |
| `GET /live` | server-sent events: `nodes`, which there are, and `picture@KEY` and `lost@KEY` of each |
| `/nodes/KEY/v1/…` | what that node answers |
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Sequence
from time import monotonic
from types import TracebackType
from typing import Self

from ...actors.base import ConfigError
from ..api import EVERY, ApiAnswer, ApiError, Permission, Streamed
from ..client import AdminTarget
from ..page import PageDoor, cookie_name
from ..serving import Entrance, HttpRequest, HttpServer, Sessions
from .merging import merged
from .watch_list import Look, WatchList

__all__ = ["USUAL_PORT", "Dashboard"]

#: Where it is if nothing is said, and that port is free.
USUAL_PORT = 7402
_HOST = "127.0.0.1"


class Dashboard:
    """See the module. `async with Dashboard([("alice", target)]) as dashboard: dashboard.link()`.

    `look`: also shows those that it finds while somebody looks at the page. `port`: None for the usual one, or another
    where that is taken; 0 for any. `write`: False for looking only.

    Raises ConfigError for no node, or too many.
    """

    def __init__(
        self,
        nodes: Sequence[tuple[str, AdminTarget]],
        *,
        look: Look | None = None,
        port: int | None = None,
        write: bool = True,
    ) -> None:
        self._watched = WatchList(nodes, look)
        self._port = port
        self._scope = Permission.WRITE if write else Permission.READ
        self._sessions = Sessions()
        self._access = Entrance(self._scope)
        self._door: PageDoor | None = None
        self._server: HttpServer | None = None
        #: Where it is, as `http://127.0.0.1:7402`; "" while it is not.
        self.address: str = ""

    async def __aenter__(self) -> Self:
        bound = self._bind()
        port = bound.getsockname()[1]
        hosts = frozenset({f"{_HOST}:{port}", f"localhost:{port}"})
        self._access = Entrance(self._scope, None, hosts, False, self._sessions, cookie_name(port))
        self._door = PageDoor(
            self._access,
            lambda: [node.looked_at for node in self._watched.nodes],
            live="/live",
            signed_out="This link was used, or is too old: press Enter where peerbus dashboard runs for another one.",
        )
        self._server = HttpServer(self._handle)
        try:
            await self._watched.meet()
            await self._server.start(bound)
        except BaseException:
            bound.close()
            await self.aclose()
            raise
        self.address = f"http://{_HOST}:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Serve no more. Idempotent."""
        server, self._server, self.address = self._server, None, ""
        if server is not None:
            await server.aclose()
        await self._watched.aclose()

    def link(self) -> str:
        """A link that lets one browser in, once. What stands behind # is sent to no server, and in no header."""
        return f"{self.address}/#ticket={self._sessions.ticket(monotonic())}"

    def _bind(self) -> socket.socket:
        wanted = [USUAL_PORT, 0] if self._port is None else [self._port]
        why: OSError | None = None
        for port in wanted:
            bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            try:
                bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                bound.bind((_HOST, port))
                bound.listen()  # another that is bound there, and does not listen yet, is found out now
            except OSError as error:
                bound.close()
                why = error
            else:
                return bound
        assert why is not None
        raise ConfigError(f"the dashboard cannot be at {_HOST}:{wanted[-1]}: {why.strerror or why}")

    async def _handle(self, received: HttpRequest) -> ApiAnswer | Streamed:
        assert self._door is not None
        page = await self._door.answer(received)
        if page is not None:
            return page
        looks = received.verb == "GET"
        self._access.check(received.headers, Permission.READ if looks else Permission.WRITE)
        body = await received.body()
        path = received.target
        if path == "/live" and looks:
            return Streamed(merged(self._watched, EVERY))
        with contextlib.suppress(ValueError):
            _, nodes, key, rest = path.split("/", 3)
            node = self._watched.get(key) if nodes == "nodes" else None
            if node is not None and rest.startswith("v1/"):
                return await node.passed_on(received.verb, f"/{rest}", body)
        raise ApiError(404, "not_found", f"there is no {path[:100]}")
