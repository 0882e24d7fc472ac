"""What is heard of nodes by multicast DNS at each address of this machine: for whoever looks why nobody is found."""

# Law 1. What is asked and heard at one address is of its interface alone: each has a socket of its own, which takes
#        nothing that was multicast elsewhere.
# Law 2. Nothing that is heard is believed: it is counted, within bounds, and dials nobody.

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from ...actors.base import printable
from ...transports.streams import check_node_id
from ..records import LocalAddress, addresses_of, local_addresses
from .presence import spoken_on
from .service_record import MAX_NETWORK, instance_name
from .zeroconf_edge import question_packet, texts_in

__all__ = ["HeardNode", "Hearing", "hear", "nodes_in"]

#: RFC 6762 §3.
GROUP, GROUP_6, PORT = "224.0.0.251", "ff02::fb", 5353
#: Seconds between two questions (RFC 6762 §5.2).
ASK_AGAIN = 1.0
#: Nodes that are noted at one address.
MOST_NODES = 256
#: Linux delivers to a socket what was multicast to any interface, unless it is told not to (ip(7), ipv6(7)).
_IP_MULTICAST_ALL, _IPV6_MULTICAST_ALL = 49, 29


@dataclass(frozen=True, slots=True)
class HeardNode:
    """A node that was heard: what it says of itself, unproven."""

    node_id: str
    network: str


@dataclass(frozen=True, slots=True)
class Hearing:
    """What came of asking at one address. `problem`: why nothing can be asked there, "" where it can.

    `echo`: the question came back, as this machine hears what it multicasts; without it nothing gets in.
    """

    at: LocalAddress
    problem: str = ""
    echo: bool = False
    nodes: tuple[HeardNode, ...] = ()


async def hear(interfaces: Sequence[str] | None = None, *, seconds: float = 2.5) -> tuple[Hearing, ...]:
    """Ask for nodes at the addresses where `Mdns` would speak, and listen for so long. `interfaces`: as of `Mdns`.

    Raises OSError where this machine has none of these interfaces, or none at all.
    """
    here = local_addresses()
    chosen = addresses_of(interfaces, here)
    spoken = set(spoken_on(here if interfaces is None else chosen))
    ears = [_Ear(address) for address in (here if interfaces is None else chosen) if address.host in spoken]
    try:
        for ear in ears:
            await ear.open()
        until = asyncio.get_running_loop().time() + seconds
        while (left := until - asyncio.get_running_loop().time()) > 0:
            for ear in ears:
                ear.ask()
            await asyncio.sleep(min(ASK_AGAIN, left))
    finally:
        for ear in ears:
            ear.close()
        await asyncio.sleep(0)  # the loop closes their sockets in its next turn
    return tuple(ear.hearing() for ear in ears)


class _Ear(asyncio.DatagramProtocol):
    """One address: a socket that asks and hears there."""

    def __init__(self, at: LocalAddress) -> None:
        self._at = at
        self._question = _question()
        self._transport: asyncio.DatagramTransport | None = None
        self._problem = ""
        self._echo = False
        self._nodes: dict[str, HeardNode] = {}

    async def open(self) -> None:
        """Join the group there."""
        try:
            sock = _socket(self._at)
        except OSError as error:
            self._problem = error.strerror or str(error)
            return
        try:
            self._transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, sock=sock)
        except BaseException:
            sock.close()
            raise

    def ask(self) -> None:
        """Say the question."""
        if self._transport is None:
            return
        if self._at.ip.version == 6:
            self._transport.sendto(self._question, (GROUP_6, PORT, 0, socket.if_nametoindex(self._at.interface)))
        else:
            self._transport.sendto(self._question, (GROUP, PORT))

    def error_received(self, exc: Exception) -> None:
        self._problem = getattr(exc, "strerror", None) or str(exc)

    def datagram_received(self, data: bytes, addr: tuple[object, ...]) -> None:
        del addr
        if data == self._question:
            self._echo = True
            return
        for node in nodes_in(data):
            if len(self._nodes) < MOST_NODES:
                self._nodes[node.node_id] = node

    def close(self) -> None:
        """Hear no more."""
        if self._transport is not None:
            self._transport.abort()

    def hearing(self) -> Hearing:
        """What was heard."""
        return Hearing(self._at, "" if self._echo else self._problem, self._echo, tuple(self._nodes.values()))


def _socket(at: LocalAddress) -> socket.socket:
    """One that hears what is multicast on the interface of that address. Raises OSError."""
    sock = socket.socket(socket.AF_INET6 if at.ip.version == 6 else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if sys.platform != "linux":
            # There it takes both to share a port. Linux (6.18) would hand what one socket alone has joined to any of
            # those that share the port so.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if at.ip.version == 6:
            index = struct.pack("@I", socket.if_nametoindex(at.interface))
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_MULTICAST_ALL, 0)
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
            sock.bind(("::", PORT))
            group = socket.inet_pton(socket.AF_INET6, GROUP_6)
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group + index)
        else:
            own = socket.inet_aton(at.host)
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.IPPROTO_IP, _IP_MULTICAST_ALL, 0)
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, own)
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
            sock.bind(("", PORT))
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(GROUP) + own)
    except BaseException:
        sock.close()
        raise
    return sock


def _question() -> bytes:
    # Receivers ignore the id (RFC 6762 §18.1): by it this question is told from those of others.
    return os.urandom(2) + question_packet()[2:]


def nodes_in(data: bytes) -> list[HeardNode]:
    """The nodes whose texts stand in an answer."""
    found: list[HeardNode] = []
    for name, text in texts_in(data):
        try:
            node_id = check_node_id((text.get(b"id") or b"").decode())
        except ValueError:
            continue
        if name == instance_name(node_id):
            network = (text.get(b"net") or b"").decode("utf-8", "replace")
            found.append(HeardNode(node_id, printable(network)[:MAX_NETWORK]))
    return found
