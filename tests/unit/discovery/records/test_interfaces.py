"""The interfaces of this machine; every machine that runs tests has loopback."""

from __future__ import annotations

import ipaddress

import pytest

from peerbus.actors.base.errors import ConfigError
from peerbus.discovery.records.interfaces import INTERFACE_NAME, LocalAddress, addresses_of, local_addresses

HERE = (
    LocalAddress("127.0.0.1", 8, "lo"),
    LocalAddress("10.0.0.7", 24, "eth0"),
    LocalAddress("fe80::7", 64, "eth0"),
)


def hosts(*interfaces: str) -> list[str]:
    return [address.host for address in addresses_of(interfaces, HERE)]


def test_this_machine_has_a_loopback_address_in_its_subnet() -> None:
    (loopback,) = [address for address in local_addresses() if address.host == "127.0.0.1"]
    assert loopback.ip.is_loopback
    assert loopback.subnet == ipaddress.ip_network("127.0.0.0/8")
    assert str(loopback) == f"127.0.0.1/8 on {loopback.interface}"


def test_an_address_and_a_name_of_an_interface_are_both_understood() -> None:
    assert hosts("127.0.0.1") == hosts("lo", "127.0.0.1") == ["127.0.0.1"]
    assert hosts("eth0") == ["10.0.0.7", "fe80::7"]
    assert hosts("FE80::7") == ["fe80::7"]


def test_all_interfaces_are_without_loopback_where_there_is_another() -> None:
    assert [address.host for address in addresses_of(None, HERE)] == ["10.0.0.7", "fe80::7"]
    assert addresses_of(None, HERE[:1]) == HERE[:1]
    assert addresses_of(None)


@pytest.mark.parametrize("interface", ["", "127.0.0.1/8", "a b", ".."])
def test_what_can_be_neither_is_an_error_of_the_configuration(interface: str) -> None:
    with pytest.raises(ConfigError, match=r"neither an IP address nor the name of an interface"):
        addresses_of([interface], HERE)
    assert not INTERFACE_NAME.fullmatch(interface)


@pytest.mark.parametrize("interface", ["wg0", "203.0.113.77"])
def test_what_is_not_here_now_is_an_error_of_the_network_that_names_what_is(interface: str) -> None:
    with pytest.raises(OSError, match=rf"no interface here is, or has, {interface}; .* are lo, eth0"):
        addresses_of([interface], HERE)
    assert hosts(interface, "lo") == ["127.0.0.1"]


def test_no_interface_at_all_is_an_error_of_the_network() -> None:
    with pytest.raises(OSError, match="no interface with an address"):
        addresses_of(None, ())
