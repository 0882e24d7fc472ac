"""Others are told where this node can be reached, and never of an address that names no machine."""

from __future__ import annotations

import pytest

from peerbus.discovery.records import own_endpoints as module
from peerbus.discovery.records.own_endpoints import own_endpoints
from peerbus.transports.streams.endpoint import Endpoint

NODE = "a" * 64


def place(text: str) -> Endpoint:
    return Endpoint.parse(text)


def test_what_the_operator_says_stands_in_place_of_what_is_listened_at() -> None:
    said = place("tcp://node.example:7400")
    assert own_endpoints([place("tcp://10.0.0.1:1")], [said]) == (said,)


def test_an_address_that_is_listened_at_is_told_without_the_id() -> None:
    assert own_endpoints([place(f"tcp://{NODE}@10.0.0.1:7400")]) == (place("tcp://10.0.0.1:7400"),)


def test_a_listener_on_every_address_stands_for_those_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "addresses_of", lambda _: ["10.0.0.7", "192.0.2.9"])
    told = own_endpoints([place("tcp://0.0.0.0:7400"), place("tcp://10.0.0.7:7400")])
    assert told == (place("tcp://10.0.0.7:7400"), place("tcp://192.0.2.9:7400"))


def test_on_a_machine_without_addresses_it_stands_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(_: object) -> list[str]:
        raise OSError("no interface")

    monkeypatch.setattr(module, "addresses_of", none)
    assert own_endpoints([place("tcp://0.0.0.0:7400")]) == ()
