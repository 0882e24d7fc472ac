"""At an address without an id the node that answered first is taken, and no other."""

from __future__ import annotations

from peerbus.discovery.mind.pins import Pins
from peerbus.transports.streams.endpoint import Endpoint

HERE = Endpoint("tcp", host="10.0.0.1", port=7000)
ONE, TWO = "1" * 64, "2" * 64


def test_the_first_node_stays_pinned_until_it_is_forgotten() -> None:
    pins = Pins(True)
    pins.answered(HERE, ONE)
    pins.answered(HERE.with_peer(TWO), TWO)
    assert pins.of(HERE.with_peer(TWO)) == ONE
    assert pins.has(ONE)
    assert pins.forget(ONE) == (HERE,)
    pins.answered(HERE, TWO)
    assert [*pins] == [(HERE, TWO)]


def test_a_name_and_what_is_no_address_is_not_pinned() -> None:
    pins = Pins(True)
    pins.answered(Endpoint("tcp", host="node.example.org", port=7000), ONE)
    pins.answered(Endpoint("memory", path="node"), ONE)
    assert not [*pins]


def test_it_can_be_switched_off() -> None:
    pins = Pins(False)
    pins.answered(HERE, ONE)
    pins.restore(HERE, ONE)
    assert pins.of(HERE) is None
