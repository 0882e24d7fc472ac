"""Packets of multicast DNS: nodes are counted in them whose names and ids fit, and nothing else is."""

from __future__ import annotations

from collections.abc import Iterator

from zeroconf import DNSOutgoing, DNSText  # type: ignore[attr-defined]  # documented, and not in its `__all__`

from peerbus.actors.base import is_node_id
from peerbus.discovery.mdns.hearing import nodes_in
from peerbus.discovery.mdns.service_record import MAX_NETWORK, SERVICE_TYPE, instance_name, text_of

ALICE, BOB = "a" * 64, "b" * 64


def check(data: bytes) -> None:
    """One packet."""
    for node in nodes_in(data):
        assert is_node_id(node.node_id)
        assert len(node.network) <= MAX_NETWORK
        assert node.network.isprintable()


def packet(name: str, text: dict[str, str], *, answer: bool = True) -> bytes:
    """One with one text record."""
    pairs = [f"{key}={value}".encode() for key, value in text.items()]
    out = DNSOutgoing(0x8400 if answer else 0)
    record = DNSText(name, 16, 1, 120, b"".join(bytes([len(pair)]) + pair for pair in pairs))
    out.add_answer_at_time(record, 0)
    return out.packets()[0]


def seeds() -> Iterator[tuple[str, bytes]]:
    """What a node answers, and packets that lie."""
    text = text_of(ALICE, "demo", ["archive"])
    yield "honest", packet(instance_name(ALICE), text)
    yield "anothers_name", packet(instance_name(BOB), text)
    yield "a_printer", packet(f"printer.{SERVICE_TYPE}", text)
    yield "a_question", packet(instance_name(ALICE), text, answer=False)
    yield "bad_network", packet(instance_name(ALICE), {**text, "net": "\x1b[31m\n"})
