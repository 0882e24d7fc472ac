"""How a place at a NATS server is written."""

from __future__ import annotations

import pytest

from peerbus.transports.nats.endpoints import NATS, at_token, inbox_of, network_of, with_inbox
from peerbus.transports.streams import Endpoint, Scope, register, schemes


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schemes, "_REGISTERED", dict(schemes._REGISTERED))
    register(NATS)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("nats://broker:4222/lan", None),
        ("nats://broker/lan", "nats://broker:4222/lan"),
        ("NATS://Broker:1/lan/", "nats://broker:1/lan"),
        ("nats://[::1]:4222/lan/in_box-01", None),
        ("nats://[::1]/lan", "nats://[::1]:4222/lan"),
        (f"nats://{'a' * 64}@10.0.0.1:4222/lan/in_box-01", None),
    ],
)
def test_a_place_is_read_and_written_alike(text: str, written: str | None) -> None:
    endpoint = Endpoint.parse(text)
    assert str(endpoint) == (written or text)
    assert Endpoint.parse(str(endpoint)) == endpoint
    assert network_of(endpoint) == "lan"


@pytest.mark.parametrize(
    "text",
    [
        "nats://broker:4222",
        "nats:///lan",
        "nats://broker:0/lan",
        "nats://broker:4222/l n",
        "nats://broker:4222/lan/short",
        "nats://broker:4222/lan/in.box.01",
        "nats://broker:4222/lan/inbox-01/more",
    ],
)
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="nats"):
        Endpoint.parse(text)


def test_only_a_place_with_an_inbox_can_be_dialed_and_anybody_may_be_told_of_it() -> None:
    server = Endpoint.parse("nats://127.0.0.1:4222/lan")
    assert (server.scope, inbox_of(server), server.direct) == (Scope.NOWHERE, None, False)
    place = with_inbox(server)
    assert place.scope is Scope.WORLD
    assert place.usable(Scope.WORLD)
    assert inbox_of(place) != inbox_of(with_inbox(server))
    assert with_inbox(place) == place
    assert inbox_of(at_token(place, "somebody")) == "somebody"
