"""What zeroconf resolved is read as it came, with zones by their names here."""

from __future__ import annotations

import socket

import pytest

from peerbus.discovery.mdns.zeroconf_edge import import_zeroconf, not_running, raw_record, version_of


def test_it_needs_the_sockets_of_the_versions_that_it_speaks_from() -> None:
    assert version_of(["127.0.0.1"]).name == "V4Only"
    assert version_of(["fe80::1"]).name == "V6Only"
    assert version_of(["fe80::1", "127.0.0.1"]).name == "All"


def test_a_zone_is_named_where_it_is_one_of_this_machine() -> None:
    import_zeroconf()
    from zeroconf.asyncio import AsyncServiceInfo

    index, name = socket.if_nameindex()[0]
    info = AsyncServiceInfo("_peerbus._tcp.local.", "a._peerbus._tcp.local.", port=1, interface_index=index)
    info.addresses = [socket.inet_pton(socket.AF_INET6, "fe80::7"), socket.inet_aton("10.0.0.1")]
    assert set(raw_record("a", info).addresses) == {f"fe80::7%{name}", "10.0.0.1"}


def test_sockets_that_are_gone_are_an_error_of_its_own() -> None:
    with pytest.raises(not_running()):
        raise not_running()("gone")
