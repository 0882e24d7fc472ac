"""What looks goes over kept connections and is asked anew where one was closed; what does something is done once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from administered import Place

from peerbus.actors import ConfigError
from peerbus.operate.api import NodeOverview
from peerbus.operate.client import AdminTarget, AnswerMalformed, NodeNotReached, RequestRefused
from peerbus.operate.client.caller import AdminCaller, api_path
from peerbus.operate.serving.places import SocketPlace

OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s"


class Counted:
    """Somebody who answers each request with the same, a number of them on one connection, and counts."""

    def __init__(self, answer: bytes, on_one: int) -> None:
        self.answer = answer
        self.on_one = on_one
        self.connections = 0
        self.requests = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            for _ in range(self.on_one):
                await reader.readuntil(b"\r\n\r\n")
                self.requests += 1
                writer.write(OK % (len(self.answer), self.answer))
            await reader.readuntil(b"\r\n\r\n")
            self.requests += 1
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def counted(path: Path, answer: bytes, on_one: int) -> AsyncIterator[tuple[Counted, AdminCaller]]:
    server = Counted(answer, on_one)
    listening = await asyncio.start_unix_server(server.serve, str(path))
    async with listening, AdminCaller(AdminTarget(SocketPlace(path))) as caller:
        yield server, caller


def test_the_parts_of_a_path_are_quoted() -> None:
    assert api_path("bans", "10.1.0.0/16") == "/v1/bans/10.1.0.0%2F16"
    assert api_path("seeds", "tcp://a:1") == "/v1/seeds/tcp%3A%2F%2Fa%3A1"


async def test_answers_come_as_their_types_over_one_connection(tmp_path: Path) -> None:
    async with counted(tmp_path / "a.sock", b"[1,2]", on_one=3) as (server, caller):
        for _ in range(3):
            assert await caller.get("/v1/x", tuple[int, ...]) == (1, 2)
        assert (server.connections, server.requests) == (1, 3)


async def test_a_look_is_asked_again_where_its_connection_was_closed_meanwhile(tmp_path: Path) -> None:
    async with counted(tmp_path / "a.sock", b"[]", on_one=1) as (server, caller):
        for _ in range(3):
            assert await caller.get("/v1/x", list[int]) == []
        assert server.connections == 3


async def test_what_does_something_is_never_asked_twice(tmp_path: Path) -> None:
    async with counted(tmp_path / "a.sock", b"[]", on_one=0) as (server, caller):
        with pytest.raises(NodeNotReached, match="may have been done"):
            await caller.post("/v1/x", list[int], {})
        assert (server.connections, server.requests) == (1, 1)


async def test_an_answer_of_another_form_names_the_request(tmp_path: Path) -> None:
    async with counted(tmp_path / "a.sock", b'{"name":1}', on_one=1) as (_, caller):
        with pytest.raises(AnswerMalformed, match=r"GET /v1/node in another form: .*another version"):
            await caller.get("/v1/node", NodeOverview)


async def test_a_refusal_carries_the_words_of_the_node(place: Place) -> None:
    async with AdminCaller(AdminTarget(SocketPlace(place.socket))) as caller:
        with pytest.raises(RequestRefused, match="is not banned") as raised:
            await caller.delete("/v1/bans/10.0.0.1", object)
        assert (raised.value.status, raised.value.reason) == (409, "not_banned")
        answer = await caller.exchange("GET", "/v1/peers", query={"limit": 0})
        assert answer.status == 400


async def test_an_answer_that_no_node_gives_is_said_to_be_none(tmp_path: Path) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 404 Not Found\r\ncontent-length: 4\r\n\r\nnone")
        writer.close()

    path = tmp_path / "a.sock"
    listening = await asyncio.start_unix_server(serve, str(path))
    async with listening, AdminCaller(AdminTarget(SocketPlace(path))) as caller:
        with pytest.raises(AnswerMalformed, match="answers with 404, and not as a node does"):
            await caller.get("/v1/node", NodeOverview)


def test_an_empty_name_is_refused_as_it_would_be_the_path_of_something_else() -> None:
    with pytest.raises(ConfigError, match="an empty text names nothing"):
        api_path("offers", "")
