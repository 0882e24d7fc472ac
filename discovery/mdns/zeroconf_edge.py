"""What is zeroconf's own at the edge of `Mdns`: its import, its forms of interfaces and of what it resolved."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from .presence import Presence
from .service_record import SERVICE_TYPE, RawRecord

if TYPE_CHECKING:
    from zeroconf import IPVersion, ServiceInfo
    from zeroconf.asyncio import AsyncServiceInfo

__all__ = [
    "import_zeroconf",
    "not_running",
    "question_packet",
    "raw_record",
    "service_info",
    "texts_in",
    "version_of",
]

#: A type and a class of records (RFC 1035 §3.2).
_PTR, _IN = 12, 1
#: Bytes of the largest packet (RFC 6762 §17).
_PACKET = 9000


def raw_record(name: str, info: ServiceInfo, heard_from: str = "") -> RawRecord:
    """What zeroconf resolved, as `read_record` takes it; the machine that said it first, where that is known."""
    return RawRecord(
        name=name,
        port=info.port,
        addresses=[_named_zone(address) for address in info.parsed_scoped_addresses()],
        txt=info.properties,
        txt_size=len(info.text or b""),
        heard_from=heard_from,
    )


def service_info(name: str, presence: Presence) -> AsyncServiceInfo:
    """What it advertises under that name."""
    from zeroconf.asyncio import AsyncServiceInfo

    return AsyncServiceInfo(
        SERVICE_TYPE,
        name,
        port=presence.port,
        properties=dict(presence.text),
        server=f"{name.partition('.')[0]}.local.",
        parsed_addresses=list(presence.addresses),
    )


def version_of(addresses: Sequence[str]) -> IPVersion:
    """Which sockets are needed to speak from these."""
    from zeroconf import IPVersion

    versions = {ipaddress.ip_address(address).version for address in addresses}
    return IPVersion.All if len(versions) > 1 else IPVersion.V6Only if 6 in versions else IPVersion.V4Only


def question_packet() -> bytes:
    """A question for the nodes that are there."""
    from zeroconf import DNSOutgoing, DNSQuestion  # type: ignore[attr-defined]  # documented, and not in its `__all__`

    out = DNSOutgoing(0)  # a query (RFC 1035 §4.1.1)
    out.add_question(DNSQuestion(SERVICE_TYPE, _PTR, _IN))
    packet: bytes = out.packets()[0]
    return packet


def texts_in(packet: bytes) -> list[tuple[str, Mapping[bytes, bytes | None]]]:
    """The texts of services of nodes that an answer holds, by their names; none of what is no answer."""
    from zeroconf import DNSIncoming, DNSText, ServiceInfo  # type: ignore[attr-defined]  # likewise

    if len(packet) > _PACKET:
        return []
    message = DNSIncoming(packet)
    if not message.valid or message.is_query():
        return []
    found: list[tuple[str, Mapping[bytes, bytes | None]]] = []
    for record in message.answers():
        name = record.name.lower()
        if isinstance(record, DNSText) and record.ttl and name.endswith(f".{SERVICE_TYPE}"):
            # By a name of ours: some that may stand in a packet it refuses, and the rest of the packet with them.
            info = ServiceInfo(SERVICE_TYPE, f"peer.{SERVICE_TYPE}", properties=record.text)
            found.append((name, info.properties))
    return found


def import_zeroconf() -> None:
    """Takes 0.2 s the first time."""
    import zeroconf.asyncio  # noqa: F401


def not_running() -> type[Exception]:
    """What it raises where its sockets are gone."""
    from zeroconf import NotRunningException

    return NotRunningException


def _named_zone(address: str) -> str:
    """zeroconf numbers zones; names outlive an interface that goes and comes."""
    host, _, zone = address.partition("%")
    try:
        return f"{host}%{socket.if_indextoname(int(zone))}" if zone.isdigit() else address
    except OSError:
        return address
