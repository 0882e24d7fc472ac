"""How far addresses reach, and over which connection they may be told."""

from __future__ import annotations

import pytest

from peerbus.transports.streams.endpoint import Endpoint
from peerbus.transports.streams.scope import Scope, scope_of_host


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("tcp://93.184.216.34:1", Scope.WORLD),
        ("tcp://[2606:2800:220:1::1]:1", Scope.WORLD),
        ("tcp://alice.example.org:1", Scope.WORLD),
        ("tcp://10.1.2.3:1", Scope.NETWORK),
        ("tcp://172.16.0.1:1", Scope.NETWORK),
        ("tcp://192.168.0.1:1", Scope.NETWORK),
        ("tcp://100.64.0.1:1", Scope.NETWORK),
        ("tcp://169.254.0.1:1", Scope.LINK),
        ("tcp://[fd99::1]:1", Scope.NETWORK),
        ("tcp://[fe80::1%eth0]:1", Scope.LINK),
        ("tcp://[::ffff:10.0.0.1]:1", Scope.NETWORK),
        ("tcp://printer:1", Scope.NETWORK),
        ("tcp://printer.local:1", Scope.NETWORK),
        ("tcp://127.0.0.1:1", Scope.MACHINE),
        ("tcp://127.9.9.9:1", Scope.MACHINE),
        ("tcp://[::1]:1", Scope.MACHINE),
        ("tcp://[::ffff:127.0.0.1]:1", Scope.MACHINE),
        ("tcp://[::7f00:1]:1", Scope.MACHINE),
        ("tcp://[64:ff9b::7f00:1]:1", Scope.MACHINE),
        ("tcp://[64:ff9b::a9fe:a9fe]:1", Scope.LINK),
        ("tcp://[64:ff9b:1::a00:1]:1", Scope.NETWORK),
        ("tcp://[64:ff9b::5db8:d822]:1", Scope.WORLD),
        ("tcp://[64:ff9b:1::5db8:d822]:1", Scope.NETWORK),
        ("tcp://192.0.0.192:1", Scope.NETWORK),
        ("tcp://[::ffff:192.0.0.192]:1", Scope.NETWORK),
        ("tcp://[2002:7f00:1::1]:1", Scope.MACHINE),
        ("tcp://[2002:c0a8:1::1]:1", Scope.NETWORK),
        ("tcp://[::ffff:0:7f00:1]:1", Scope.MACHINE),
        ("tcp://[64:ff9b::]:1", Scope.NOWHERE),
        ("tcp://[fec0::1]:1", Scope.NETWORK),
        ("tcp://localhost:1", Scope.MACHINE),
        ("tcp://a.localhost.:1", Scope.MACHINE),
        ("unix:///run/a.sock", Scope.MACHINE),
        ("memory://a", Scope.MACHINE),
        ("tcp://0.0.0.0:1", Scope.NOWHERE),
        ("tcp://[::]:1", Scope.NOWHERE),
        ("tcp://224.0.0.251:1", Scope.NOWHERE),
        ("tcp://[ff02::fb]:1", Scope.NOWHERE),
        ("tcp://255.255.255.255:1", Scope.NOWHERE),
        ("tcp://93.184.216.34:0", Scope.NOWHERE),
    ],
)
def test_an_address_reaches_as_far_as_its_text_says(text: str, scope: Scope) -> None:
    endpoint = Endpoint.parse(text)
    assert endpoint.scope is scope
    assert endpoint.is_place is (scope is not Scope.NOWHERE)
    if endpoint.port:
        assert scope_of_host(endpoint.host) is scope


@pytest.mark.parametrize("way", [Scope.MACHINE, Scope.NETWORK, Scope.WORLD])
def test_what_reaches_as_far_as_the_connection_may_be_told_on_it(way: Scope) -> None:
    for text in ("tcp://127.0.0.1:1", "tcp://10.0.0.1:1", "tcp://93.184.216.34:1"):
        endpoint = Endpoint.parse(text)
        assert endpoint.usable(way) == (endpoint.scope >= way)
    assert not Endpoint.parse("tcp://0.0.0.0:1").usable(way)
    assert not Endpoint.parse("unix:///run/a.sock").usable(way)
