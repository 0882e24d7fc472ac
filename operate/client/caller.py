"""Requests to one node's admin API: JSON out, typed answers in, and errors in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from ...actors.base import ConfigError
from ..api import Failure, as_json
from .errors import AnswerMalformed, NodeNotReached, RequestRefused
from .http_client import ClientAnswer, HttpConnection
from .target import AdminTarget

__all__ = ["PAGE", "AdminCaller", "api_path"]

T = TypeVar("T")

#: Seconds that a request may take, where nobody says.
PATIENCE = 10.0
#: Entries that a page is asked for.
PAGE = 500
#: Connections that are kept for the next request: a screen asks for a few things at once.
KEPT = 4


def api_path(*parts: str) -> str:
    """The path of these parts below /v1, each quoted: `api_path("bans", "10.1.0.0/16")`. Raises ConfigError for ""."""
    if "" in parts:  # it would be the path of something else
        raise ConfigError("an empty text names nothing: write a name, a role, an id or an address")
    return "/v1/" + "/".join(quote(part, safe="") for part in parts)


class AdminCaller:
    """See the module. On one event loop; requests that are made at once go over connections of their own.

    What looks goes over a connection that is kept, and is asked once more where that has been closed meanwhile. What
    does something goes over a new one, so that it is never done twice.
    """

    def __init__(self, target: AdminTarget, *, timeout: float = PATIENCE) -> None:
        self.target = target
        self.timeout = timeout
        self._idle: list[HttpConnection] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections that are kept. Idempotent."""
        while self._idle:
            await self._idle.pop().aclose()

    async def exchange(
        self,
        verb: str,
        path: str,
        body: bytes | None = None,
        *,
        query: Mapping[str, str | int] | None = None,
        timeout: float | None = None,
    ) -> ClientAnswer:
        """One request, and what came back, whatever it says. Raises NodeNotReached, AnswerMalformed, ConfigError."""
        seconds = self.timeout if timeout is None else timeout
        target = f"{path}?{urlencode(query)}" if query else path
        if verb != "GET":
            connection = await HttpConnection.open(self.target, seconds)
            try:
                return await connection.request(verb, target, body, (), seconds)
            finally:
                await connection.aclose()
        while self._idle:
            connection = self._idle.pop()
            if connection.usable:
                try:
                    return await self._look(connection, target, seconds)
                except NodeNotReached as error:
                    if error.how != "broken":
                        raise
                    break  # it was closed as we asked
            await connection.aclose()
        return await self._look(await HttpConnection.open(self.target, seconds), target, seconds)

    async def _look(self, connection: HttpConnection, target: str, seconds: float) -> ClientAnswer:
        answer = await connection.request("GET", target, None, (), seconds)
        if connection.usable and len(self._idle) < KEPT:
            self._idle.append(connection)
        else:
            await connection.aclose()
        return answer

    async def get(self, path: str, kind: type[T], **query: str | int) -> T:
        """Look at something, as that type. Raises AdminError: RequestRefused where the node says no."""
        return self._read("GET", path, await self.exchange("GET", path, query=query), kind)

    async def listed(self, what: str, kind: type[T]) -> list[T]:
        """All that `/v1/WHAT` lists, as that type, page by page. Raises AdminError."""
        found: list[T] = []
        after: object = ""
        while isinstance(after, str):
            page = await self.get(f"/v1/{what}", dict[str, msgspec.Raw], after=after, limit=PAGE)
            try:
                found += msgspec.json.decode(page[what], type=list[kind])  # type: ignore[valid-type]  # it is one
                after = msgspec.json.decode(page["next"])
            except (KeyError, msgspec.DecodeError) as error:
                raise self._malformed("GET", f"/v1/{what}", error) from error
        return found

    async def put(self, path: str, kind: type[T], body: object = None) -> T:
        """Pull a lever. Raises AdminError."""
        return await self.send("PUT", path, kind, body)

    async def post(self, path: str, kind: type[T], body: object = None, *, timeout: float | None = None) -> T:
        """Have something done. Raises AdminError."""
        return await self.send("POST", path, kind, body, timeout=timeout)

    async def delete(self, path: str, kind: type[T], body: object = None) -> T:
        """Take something back. Raises AdminError."""
        return await self.send("DELETE", path, kind, body)

    async def send(
        self, verb: str, path: str, kind: type[T], body: object = None, *, timeout: float | None = None
    ) -> T:
        """One request with a value as its body, None for none, and the answer as that type. Raises AdminError."""
        data = b"" if body is None else as_json(body)
        return self._read(verb, path, await self.exchange(verb, path, data, timeout=timeout), kind)

    def _read(self, verb: str, path: str, answer: ClientAnswer, kind: type[T]) -> T:
        if answer.status != 200:
            raise refusal(self.target, answer)
        try:
            return msgspec.json.decode(answer.body, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise self._malformed(verb, path, error) from error

    def _malformed(self, verb: str, path: str, error: Exception) -> AnswerMalformed:
        other = "is it of another version than this program?"
        return AnswerMalformed(f"{self.target} answers {verb} {path} in another form: {error}; {other}")


def refusal(target: AdminTarget, answer: ClientAnswer) -> RequestRefused | AnswerMalformed:
    """What a node says that does not do what it was asked for."""
    try:
        failure = msgspec.json.decode(answer.body, type=Failure)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return AnswerMalformed(f"{target} answers with {answer.status}, and not as a node does")
    return RequestRefused(failure.text or failure.error, status=answer.status, reason=failure.error)
