"""A scheme belongs to its transport: what it says of its endpoints is all that is asked of them."""

from __future__ import annotations

import pytest

from peerbus.transports.streams import schemes
from peerbus.transports.streams.endpoint import Endpoint, is_foreign
from peerbus.transports.streams.schemes import Scheme, known_schemes, register, scheme_named
from peerbus.transports.streams.scope import Scope
from peerbus.transports.streams.shapes import PATH, Location


class ServerAndName:
    """`server:port/name`: a third shape, as a broker's endpoints have it."""

    def read(self, text: str) -> Location:
        server, _, name = text.partition("/")
        host, _, port = server.partition(":")
        return Location(host, int(port or 4222), name)

    def checked(self, place: Location) -> Location:
        if not place.path:
            raise ValueError("it needs a name behind the server")
        return place

    def write(self, place: Location) -> str:
        return f"{place.host}:{place.port}/{place.path}"


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Scheme:
    monkeypatch.setattr(schemes, "_REGISTERED", dict(schemes._REGISTERED))
    return register(Scheme(name="broker", shape=ServerAndName(), scope=lambda _: Scope.NETWORK))


def test_an_endpoint_of_a_new_scheme_is_one_as_others_are(broker: Scheme) -> None:
    endpoint = Endpoint.parse("broker://10.0.0.5/demo")
    assert str(endpoint) == "broker://10.0.0.5:4222/demo"
    assert Endpoint.parse(str(endpoint)) == endpoint
    assert (endpoint.scope, endpoint.direct, endpoint.told, endpoint.is_name) == (Scope.NETWORK, False, True, False)
    assert endpoint.usable(Scope.NETWORK)
    assert not endpoint.usable(Scope.WORLD)
    assert str(endpoint.with_peer("a" * 64)) == f"broker://{'a' * 64}@10.0.0.5:4222/demo"
    with pytest.raises(ValueError, match=r"endpoint 'broker://10\.0\.0\.5': it needs a name"):
        Endpoint.parse("broker://10.0.0.5")


def test_a_scheme_is_foreign_until_it_is_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schemes, "_REGISTERED", dict(schemes._REGISTERED))
    assert is_foreign("quic://h:1")
    with pytest.raises(ValueError, match=r"unknown scheme 'quic'; known are .*memory.*, tcp, unix"):
        Endpoint.parse("quic://h:1")
    register(Scheme.over_ip("quic"))
    assert not is_foreign("quic://h:1")
    assert Endpoint.parse("quic://127.0.0.1:1").scope is Scope.MACHINE
    assert Endpoint.parse("quic://h:1").is_name


def test_a_scheme_is_registered_once_and_never_replaced(broker: Scheme) -> None:
    assert register(broker) is broker
    with pytest.raises(ValueError, match="another scheme 'tcp'"):
        register(Scheme.on_machine("tcp", PATH))
    assert scheme_named("tcp").direct
    assert {"broker", "memory", "tcp", "unix"} <= set(known_schemes())


@pytest.mark.parametrize("name", ["", "TCP", "1tcp", "tcp:", "a b", "x" * 33])
def test_a_name_that_no_endpoint_could_have_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is no scheme"):
        Scheme.over_ip(name)
