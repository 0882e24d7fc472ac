"""An operator says of which addresses others are told: by interface, by subnet, or all but those."""

from __future__ import annotations

import pytest

from peerbus.discovery.records.address_filter import AddressFilter, passes
from peerbus.discovery.records.interfaces import LocalAddress

LAN, DOCKER = LocalAddress("192.168.1.7", 24, "eth0"), LocalAddress("172.17.0.1", 16, "docker0")
V6 = LocalAddress("fd00::7", 64, "eth0")


def chosen(*texts: str) -> list[LocalAddress]:
    return [address for address in (LAN, DOCKER, V6) if passes(address, map(AddressFilter, texts))]


@pytest.mark.parametrize(
    ("texts", "those"),
    [
        ((), [LAN, DOCKER, V6]),
        (("eth0",), [LAN, V6]),
        (("eth*", "!fd00::/8"), [LAN]),
        (("!docker*",), [LAN, V6]),
        (("172.16.0.0/12", "fd00::7"), [DOCKER, V6]),
        (("wlan0",), []),
    ],
)
def test_included_is_what_one_names_and_none_leaves_out(texts: tuple[str, ...], those: list[LocalAddress]) -> None:
    assert chosen(*texts) == those
    assert tuple(map(str, map(AddressFilter, texts))) == texts


@pytest.mark.parametrize("text", ["", "!", "300.1.1.1/8", "tcp:1", "a b", "!!eth0"])
def test_what_is_no_filter_is_an_error_that_shows_what_is_one(text: str) -> None:
    with pytest.raises(ValueError, match=r"no endpoint \(tcp://host:port\), no interface \(eth0, eth\*\)"):
        AddressFilter(text)
