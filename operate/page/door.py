"""The door for browsers: the page itself, and how one is let in.

| ask | and get |
| --- | --- |
| `GET /` | the page; it holds nothing of a node |
| `POST /session` | for a ticket, `{"ticket": "…"}`, or the token as a bearer: the cookie, and the key beside it |
| `GET /session` | what the page begins with, for a browser that was let in |
| `DELETE /session` | out again |
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Protocol

import msgspec

from ..api import EVERY, ApiAnswer, ApiError, Permission
from ..serving import BrowserSession, Entrance, Sessions
from .document import document_of_page

__all__ = ["LookedAt", "PageDoor", "cookie_name"]


@dataclass(frozen=True, slots=True)
class LookedAt:
    """A node that the page shows. `base`: what stands before `/v1` in the paths of its API."""

    key: str
    name: str
    base: str
    node_id: str | None = None


@dataclass(frozen=True, slots=True)
class PageStart:
    """What the page begins with: its nodes, where their pictures come from, and how often. `key`: to be sent along."""

    write: bool
    live: str
    every: float
    nodes: Sequence[LookedAt]
    key: str | None = None


class _Ticket(msgspec.Struct, frozen=True):
    ticket: str = ""


class BrowserRequest(Protocol):
    """A request, as far as the door reads it."""

    verb: str
    target: str
    headers: Mapping[str, str]

    async def body(self) -> bytes:
        """All of it."""


class PageDoor:
    """See the module. `entrance` has sessions; `nodes` tells what is looked at; `signed_out`: what strangers read."""

    def __init__(
        self, entrance: Entrance, nodes: Callable[[], Sequence[LookedAt]], *, live: str, signed_out: str
    ) -> None:
        assert entrance.sessions is not None
        self._entrance = entrance
        self._sessions: Sessions = entrance.sessions
        self._nodes = nodes
        self._live = live
        self._signed_out = signed_out
        self._session: Mapping[str, Callable[[BrowserRequest, bytes], Awaitable[ApiAnswer]]] = {
            "POST": self._come_in,
            "GET": self._again,
            "DELETE": self._leave,
        }

    async def answer(self, received: BrowserRequest) -> ApiAnswer | None:
        """What is asked of the door; None for what is not its business. Raises ApiError."""
        path = received.target.partition("?")[0]
        if path == "/":
            if received.verb != "GET":
                raise ApiError(405, "method", f"/ takes GET, not {received.verb[:20]}")
            # A link from anywhere may lead here; but the name must be ours, or a stranger's page could ask in our name.
            self._entrance.check_place({"host": received.headers.get("host", "")})
            await received.body()
            page = document_of_page()
            return ApiAnswer(200, page.body, "text/html; charset=utf-8", page.headers)
        if path != "/session":
            return None
        self._entrance.check_place(received.headers)
        does = self._session.get(received.verb)
        if does is None:
            raise ApiError(405, "method", f"/session takes POST, GET, DELETE, not {received.verb[:20]}")
        return await does(received, await received.body())

    async def _come_in(self, received: BrowserRequest, body: bytes) -> ApiAnswer:
        if self._entrance.has_token(received.headers):
            return self._opened(self._sessions.open(monotonic()))
        try:
            ticket = msgspec.json.decode(body or b"{}", type=_Ticket).ticket
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ApiError(400, "malformed", str(error)) from None
        session = self._sessions.redeem(ticket, monotonic())
        if session is None:
            raise ApiError(401, "unauthorized", self._signed_out)
        return self._opened(session)

    async def _again(self, received: BrowserRequest, _body: bytes) -> ApiAnswer:
        if not self._entrance.has_session(received.headers):
            raise ApiError(401, "unauthorized", self._signed_out)
        return ApiAnswer.of(self._start(None))

    async def _leave(self, received: BrowserRequest, _body: bytes) -> ApiAnswer:
        if self._entrance.has_session(received.headers):
            self._sessions.close(self._entrance.cookie_of(received.headers))
        answer = ApiAnswer.of({})
        return ApiAnswer(200, answer.body, headers={"set-cookie": self._cookie("", "; Max-Age=0")})

    def _opened(self, session: BrowserSession) -> ApiAnswer:
        body = ApiAnswer.of(self._start(session.key)).body
        return ApiAnswer(200, body, headers={"set-cookie": self._cookie(session.cookie)})

    def _cookie(self, value: str, more: str = "") -> str:
        # RFC 6265bis: no script reads it, and it goes with what this very page asks for, and nothing else.
        secure = "; Secure" if self._entrance.secure else ""
        return f"{self._entrance.cookie}={value}; HttpOnly; SameSite=Strict; Path=/{secure}{more}"

    def _start(self, key: str | None) -> PageStart:
        write = self._entrance.scope is Permission.WRITE
        return PageStart(write, self._live, EVERY, tuple(self._nodes()), key)


def cookie_name(port: int) -> str:
    """What the cookie of a page at that port is called: cookies know no port, and two pages have one each."""
    return f"peerbus_{port}"
