"""mDNS records: a candidate that can be dialed, or ignored with a reason, as it comes out of zeroconf."""

from __future__ import annotations

from collections.abc import Iterator

from zeroconf import ServiceInfo

from peerbus.actors.messages import Capability
from peerbus.discovery.facts.events import Candidate
from peerbus.discovery.mdns.service_record import MAX_TXT, SERVICE_TYPE, Ignored, instance_name, read_record, text_of
from peerbus.discovery.mdns.zeroconf_edge import raw_record
from peerbus.discovery.peer.addresses import MAX_ADDRESSES

ALICE, BOB = "a" * 64, "b" * 64
REASONS = {"self", "version", "id", "name", "network", "port", "addresses", "roles", "size"}
NAMES = (instance_name(ALICE), instance_name(ALICE).upper(), instance_name(BOB), f"printer.{SERVICE_TYPE}")


def check(data: bytes) -> None:
    """Which name, the port, how many addresses of 4 and of 16 bytes, these, and then the text record."""
    head, rest = data[:5].ljust(5, b"\0"), data[5:]
    addresses = []
    for count, size in ((head[3] % 12, 4), (head[4] % 12, 16)):
        for _ in range(count):
            if len(rest) >= size:
                addresses.append(rest[:size])
                rest = rest[size:]
    name = NAMES[head[0] % len(NAMES)]
    # `upper` is a name that zeroconf would not let us make, only read.
    info = ServiceInfo(
        SERVICE_TYPE,
        instance_name(ALICE),
        port=int.from_bytes(head[1:3], "big"),
        addresses=addresses,
        properties=rest,
    )
    raw = raw_record(name, info)
    for loopback in (False, True):
        found = read_record(raw, self_id=BOB, network="demo", loopback=loopback)
        if isinstance(found, Ignored):
            assert found.reason in REASONS
            continue
        assert isinstance(found, Candidate)
        # A name has the first digits of an id; which key really answers is for TLS to say.
        assert instance_name(found.node_id or "") == name.lower()
        assert 0 < len(found.endpoints) <= MAX_ADDRESSES
        assert all(endpoint.port and endpoint.peer_id == found.node_id for endpoint in found.endpoints)
        assert [Capability(role).role for role in found.roles] == list(found.roles)
        assert len(rest) <= MAX_TXT


def packed(strings: dict[str, str]) -> bytes:
    """A text record: strings of up to 255 bytes, each after its length."""
    pairs = [f"{key}={value}".encode() for key, value in strings.items()]
    return b"".join(bytes([len(pair)]) + pair for pair in pairs)


def seeds() -> Iterator[tuple[str, bytes]]:
    """What a node announces, and records that lie."""
    head = b"\0\x1f\x90\x01\x01" + bytes([192, 168, 0, 1]) + bytes.fromhex("fe80" + "00" * 13 + "01")
    text = text_of(ALICE, "demo", ["archive", "relay"])
    yield "honest", head + packed(text)
    yield "loopback", b"\0\x1f\x90\x01\x00" + bytes([127, 0, 0, 1]) + packed(text)
    yield "many_roles", head + packed(text_of(ALICE, "demo", [f"role{number}" for number in range(200)]))
    yield "other_network", head + packed(text_of(ALICE, "omed", []))
    yield "bad_role", head + packed({**text, "roles": "archive,No Role"})
    yield "self", b"\2" + head[1:] + packed(text_of(BOB, "demo", []))
    yield "keys_alone", head + packed(text) + b"\x05roles\x01="
