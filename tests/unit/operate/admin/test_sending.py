"""A message that came as JSON is checked by its channel, and goes where its address says."""

from __future__ import annotations

from pathlib import Path

import pytest
from admin_client import call
from administered import Place

from peerbus.actors import Address, Channel, Destination, Message, Peer, Reactor, Request, Role, handles
from peerbus.node import Node
from peerbus.operate import Admin


async def test_an_answer_comes_back_as_json(place: Place) -> None:
    body = {"to": "bus://local/blocks", "type": "Get", "message": {"height": 7, "hint": "AAE="}}
    answered = await call(place.admin, "POST", "/v1/ask", body)
    assert (answered.status, answered.json) == (200, {"answer": {"height": 7, "hint": "AAE="}})
    answered = await call(place.admin, "POST", "/v1/tell", body)
    assert (answered.status, answered.json) == (200, {"sent": True})
    assert place.node.bus.ledger().local["blocks"].sent == 2


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"to": "bus://local/blocks", "type": "Get", "message": {"height": "7"}}, 400, "message_type"),
        ({"to": "bus://local/blocks", "type": "Get", "message": {}}, 400, "message_type"),
        ({"to": "bus://local/blocks", "type": "Put"}, 400, "message_type"),
        ({"to": "bus://local/nobody", "type": "Get"}, 404, "unknown_channel"),
        ({"to": "blocks", "type": "Get"}, 400, "malformed"),
        ({"to": "bus://local/blocks", "type": "Wait", "timeout": 0}, 400, "malformed"),
        ({"to": "bus://local/blocks", "type": "Wait", "timeout": 1e9}, 400, "malformed"),
        ({"to": "bus://local/blocks", "type": "Wait", "timeout": 0.05}, 504, "deadline_aside"),
        ({"to": "bus://local/blocks", "type": "Get", "message": {"height": -1}}, 502, "handler_failed"),
        ({"to": "bus://role:index/blocks", "type": "Get", "message": {"height": 1}}, 404, "no_route"),
        ({"type": "Get"}, 400, "malformed"),
    ],
)
async def test_what_cannot_be_sent_or_fails_says_why(
    place: Place, body: dict[str, object], status: int, error: str
) -> None:
    answered = await call(place.admin, "POST", "/v1/ask", body)
    assert answered.status == status
    assert answered.json["error"] == error or error.startswith("deadline")
    assert answered.json["text"]


async def test_an_address_of_several_is_answered_by_each_of_them(place: Place) -> None:
    body = {"to": "bus://role:archive/blocks?pick=all", "type": "Get", "message": {"height": 7}}
    answered = await call(place.admin, "POST", "/v1/ask", body)
    assert answered.json == {
        "answer": {"answers": {"local": {"height": 7, "hint": ""}}, "errors": {}, "abandoned": []},
    }
    answered = await call(place.admin, "POST", "/v1/tell", body)
    assert answered.json == {"sent": True, "peers": ["local"]}
    answered = await call(place.admin, "POST", "/v1/ask", {**body, "message": {"height": -7}})
    assert answered.status == 200
    failure = answered.json["answer"]["errors"]["local"]
    assert (failure["error"], failure["text"]) == ("handler_failed", "ValueError: there is no such block")


async def test_a_send_waits_for_a_peer_where_that_is_asked_for(place: Place) -> None:
    body = {"to": "bus://role:index/blocks", "type": "Get", "message": {"height": 7}, "timeout": 0.05}
    assert (await call(place.admin, "POST", "/v1/ask", body)).status == 404
    waited = await call(place.admin, "POST", "/v1/ask", {**body, "wait_for_peer": True})
    assert (waited.status, waited.json["error"]) == (504, "deadline_route")


class Subscribe(Message, Request[str]):
    to: Destination[object]
    backup: Address[object] | None = None


class News(Reactor):
    channel = Channel("news", messages=(Subscribe,))

    @handles(Subscribe)
    def subscribe(self, wanted: Subscribe) -> str:
        assert isinstance(wanted.to, Address)
        assert wanted.backup is None or isinstance(wanted.backup, Address)
        return f"{wanted.to} {wanted.backup}"


async def test_an_address_in_a_message_is_its_text_in_json(tmp_path: Path) -> None:
    admin = Admin(str(tmp_path / "news.sock"))
    async with Node("news", reactors=[News], extensions=[admin]):
        peer, role = Peer("ab" * 32) / "screen", Role("screen") / "screen"
        body = {"to": "bus://local/news", "type": "Subscribe", "message": {"to": str(peer), "backup": str(role)}}
        answered = await call(admin, "POST", "/v1/ask", body)
        assert (answered.status, answered.json) == (200, {"answer": f"{peer} {role}"})
        for wrong in ("screen", 7, "bus://" + "a" * 5000):
            answered = await call(admin, "POST", "/v1/ask", {**body, "message": {"to": wrong}})
            assert (answered.status, answered.json["error"]) == (400, "message_type")
