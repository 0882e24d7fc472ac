"""Thousands of services that there are not, said by multicast DNS: two honest nodes want to meet all the same."""

from __future__ import annotations

import asyncio
import secrets
import socket

from zeroconf._dns import DNSAddress, DNSPointer, DNSService, DNSText
from zeroconf._protocol.outgoing import DNSOutgoing
from zeroconf.const import (
    _CLASS_IN,
    _CLASS_UNIQUE,
    _FLAGS_AA,
    _FLAGS_QR_RESPONSE,
    _TYPE_A,
    _TYPE_PTR,
    _TYPE_SRV,
    _TYPE_TXT,
)

from peerbus.discovery.mdns.service_record import SERVICE_TYPE, instance_name, text_of

from ..attack import Attack, Target, source_address

__all__ = ["ATTACK"]

_GROUP = ("224.0.0.251", 5353)
_SERVICES = 5000
_SECONDS = 4500


def _announcement(node_id: str, network: str) -> bytes:
    """One node's whole record, at a port of this machine where nobody is."""
    name, server = instance_name(node_id), f"{node_id[:20]}.local."
    text = b"".join(
        bytes([len(pair)]) + pair
        for pair in (f"{key}={value}".encode() for key, value in text_of(node_id, network, []).items())
    )
    out = DNSOutgoing(_FLAGS_QR_RESPONSE | _FLAGS_AA)
    unique = _CLASS_IN | _CLASS_UNIQUE
    out.add_answer_at_time(DNSPointer(SERVICE_TYPE, _TYPE_PTR, _CLASS_IN, _SECONDS, name), 0)
    out.add_answer_at_time(DNSService(name, _TYPE_SRV, unique, _SECONDS, 0, 0, 9, server), 0)
    out.add_answer_at_time(DNSText(name, _TYPE_TXT, unique, _SECONDS, text), 0)
    address = socket.inet_aton("127.0.0.9")
    out.add_answer_at_time(DNSAddress(server, _TYPE_A, unique, _SECONDS, address), 0)
    return out.packets()[0]


async def _run(target: Target) -> None:
    services = [_announcement(secrets.token_hex(32), target.network) for _ in range(target.scaled(_SERVICES, 600))]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.bind((source_address(0), 0))
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
        loop = asyncio.get_running_loop()

        async def once(number: int) -> None:
            await loop.sock_sendto(sock, services[number % len(services)], _GROUP)

        await target.repeat(once, side_by_side=1, pause=0.0005)


ATTACK = Attack(
    number=14,
    name="fake-services",
    about="5 000 services that there are not, said by multicast DNS again and again from one address",
    run=_run,
    node={"mdns": ["127.0.0.1"]},
    visitor={"mdns": ["127.0.0.1"], "listen": ["tcp://127.0.0.1:0"], "peers": []},
    small=600,
)
