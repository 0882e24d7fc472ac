"""What zeroconf resolved is read as it came, with zones by their names here."""

from __future__ import annotations

import socket

import pytest
from zeroconf import DNSOutgoing, DNSText  # type: ignore[attr-defined]  # documented, and not in its `__all__`

from peerbus.discovery.mdns.zeroconf_edge import import_zeroconf, not_running, raw_record, texts_in, version_of


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


def test_a_name_that_zeroconf_refuses_hides_nobody_else_in_its_packet() -> None:
    out = DNSOutgoing(0x8400)
    for name in ("aaaa\0aaaa", "honest"):
        out.add_answer_at_time(DNSText(f"{name}._peerbus._tcp.local.", 16, 1, 120, b"\x04id=1"), 0)
    assert texts_in(out.packets()[0])[-1] == ("honest._peerbus._tcp.local.", {b"id": b"1"})
