"""The interfaces of this machine; every machine that runs tests has loopback."""

from __future__ import annotations

import ipaddress

import pytest

from peerbus.actors.base.errors import ConfigError
from peerbus.discovery.records.interfaces import addresses_of


def test_an_address_and_a_name_of_an_interface_are_both_understood() -> None:
    assert addresses_of(["127.0.0.1"]) == ["127.0.0.1"]
    assert "127.0.0.1" in addresses_of(["lo"])
    assert addresses_of(["lo", "127.0.0.1"]) == addresses_of(["lo"])


def test_all_interfaces_are_without_loopback_where_there_is_another() -> None:
    addresses = [ipaddress.ip_address(text) for text in addresses_of(None)]
    assert addresses
    assert len({address.is_loopback for address in addresses}) == 1


@pytest.mark.parametrize("interface", ["nosuch0", "", "127.0.0.1/8"])
def test_what_is_neither_is_an_error_that_names_what_there_is(interface: str) -> None:
    with pytest.raises(ConfigError, match=r"neither an IP address nor an interface .* it has .*lo"):
        addresses_of([interface])


def test_an_address_that_no_interface_has_is_an_error_of_the_network() -> None:
    with pytest.raises(OSError, match=r"no interface of this machine has 203\.0\.113\.77"):
        addresses_of(["203.0.113.77"])


def test_no_interface_at_all_is_an_error_of_the_network() -> None:
    with pytest.raises(OSError, match="no interface with an address"):
        addresses_of([])
