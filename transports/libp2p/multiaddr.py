"""Multiaddrs (multiformats/multiaddr), the addresses of libp2p, as text and as bytes.

Read are those that this carrier can dial: `/ip4/192.0.2.1/tcp/4001/p2p/12D3KooW…`, an address or a name, TCP, and who
is there.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from typing import Final

from ..streams import Endpoint, Scheme, register
from .peer_ids import node_id_of_raw, parse_peer_id, peer_id_text, unpack_peer_id
from .varint import read_varint, varint

__all__ = ["SCHEME", "from_multiaddr", "pack_multiaddr", "to_multiaddr", "unpack_multiaddr"]

#: The scheme of the endpoints that these are.
SCHEME: Final = register(Scheme.over_ip("libp2p+tcp"))
#: Codes of the protocols (multiformats/multiaddr, protocols.csv), and how many bytes the value of each has; None: its
#: length stands before it.
_CODES: Final = {
    "ip4": (0x04, 4),
    "ip6": (0x29, 16),
    "ip6zone": (0x2A, None),
    "dns": (0x35, None),
    "dns4": (0x36, None),
    "dns6": (0x37, None),
    "tcp": (0x06, 2),
    "p2p": (0x01A5, None),
}
_NAMES: Final = {code: (name, size) for name, (code, size) in _CODES.items()}
#: Names of a host.
_HOSTS: Final = frozenset({"ip4", "ip6", "dns", "dns4", "dns6"})
#: What a name of the old days is called now.
_OLD: Final = {"ipfs": "p2p"}
#: Letters and bytes of one, at most.
MAX_TEXT: Final = 512


def to_multiaddr(endpoint: Endpoint, raw: bytes | None = None) -> str:
    """The multiaddr of an endpoint of this carrier. `raw`: the key of the node that is there, if it is known."""
    host, _, zone = endpoint.host.partition("%")
    who = "" if raw is None else f"/p2p/{peer_id_text(raw)}"
    return f"{f'/ip6zone/{zone}' if zone else ''}/{_kind_of(host)}/{host}/tcp/{endpoint.port}{who}"


def from_multiaddr(text: str) -> Endpoint:
    """The endpoint that a multiaddr is; its node id follows from the peer id in it. Raises ValueError."""
    try:
        if len(text) > MAX_TEXT:
            raise ValueError(f"it has more than {MAX_TEXT} letters")
        return _endpoint_of(list(_split(text)))
    except ValueError as error:
        raise ValueError(f"multiaddr {text[:MAX_TEXT]!r}: {error}") from None


def pack_multiaddr(endpoint: Endpoint) -> bytes:
    """The place of an endpoint as bytes, as hosts say it to each other."""
    host, _, zone = endpoint.host.partition("%")
    kind = _kind_of(host)
    place = ipaddress.ip_address(host).packed if kind.startswith("ip") else host.encode()
    parts = [("ip6zone", zone.encode())] if zone else []
    parts += [(kind, place), ("tcp", endpoint.port.to_bytes(2, "big"))]
    return b"".join(_packed(name, value) for name, value in parts)


def unpack_multiaddr(data: bytes) -> str:
    """The text of a multiaddr in bytes. Raises ValueError, also for one of protocols that are not known here."""
    if len(data) > MAX_TEXT:
        raise ValueError(f"a multiaddr of {len(data)} bytes")
    text, at = "", 0
    while at < len(data):
        code, at = _number(data, at)
        if code not in _NAMES:
            raise ValueError(f"protocol {code:#x} is not known here")
        name, size = _NAMES[code]
        if size is None:
            size, at = _number(data, at)
        if at + size > len(data):
            raise ValueError("cut short")
        text += f"/{name}/{_shown(name, data[at : at + size])}"
        at += size
    return text


def _kind_of(host: str) -> str:
    try:
        return f"ip{ipaddress.ip_address(host).version}"
    except ValueError:
        return "dns"


def _split(text: str) -> Iterator[tuple[str, str]]:
    start, *parts = text.removesuffix("/").split("/")
    if start or len(parts) < 2:
        raise ValueError("write /ip4/192.0.2.1/tcp/4001/p2p/12D3KooW…")
    while parts:
        name, *rest = parts
        name = _OLD.get(name, name)
        if not name:
            raise ValueError("there is nothing between two slashes")
        if name not in _CODES:
            raise ValueError(f"/{name} is not carried here: an address or a name, /tcp and /p2p are")
        if not rest or not rest[0]:
            raise ValueError(f"/{name} needs a value")
        value, *parts = rest
        yield name, value


def _endpoint_of(parts: list[tuple[str, str]]) -> Endpoint:
    zone, host, port, peer_id = "", "", 0, None
    names = [name for name, _ in parts]
    values = dict(parts)
    if names[:1] == ["ip6zone"]:
        zone = f"%{values['ip6zone']}"
        names = names[1:]
        if names[:1] != ["ip6"]:
            raise ValueError("/ip6zone stands before an /ip6")
    if names[:1] and names[0] in _HOSTS and names[1:] in (["tcp"], ["tcp", "p2p"]):
        host, text = values[names[0]], values["tcp"]
    elif names == ["p2p"]:
        raise ValueError("it says who, and not where: write /ip4/192.0.2.1/tcp/4001 before it")
    else:
        raise ValueError("not an address or a name, /tcp, and perhaps /p2p, in this order")
    _check_host(names[0], host)
    if not (text.isascii() and text.isdigit() and len(text) <= 5):
        raise ValueError(f"port {text!r} is not a number in 0…65535")
    port = int(text)
    if "p2p" in values:
        peer_id = node_id_of_raw(parse_peer_id(values["p2p"]))
    return Endpoint(SCHEME.name, host=host + zone, port=port, peer_id=peer_id)


def _check_host(kind: str, host: str) -> None:
    if (kind if kind.startswith("ip") else "dns") != _kind_of(host):
        raise ValueError(f"{host!r} does not belong behind /{kind}")


def _packed(name: str, value: bytes) -> bytes:
    code, size = _CODES[name]
    return varint(code) + (varint(len(value)) if size is None else b"") + value


def _shown(name: str, value: bytes) -> str:
    if name == "ip4":
        return socket.inet_ntop(socket.AF_INET, value)
    if name == "ip6":
        return socket.inet_ntop(socket.AF_INET6, value)
    if name == "tcp":
        return str(int.from_bytes(value, "big"))
    if name == "p2p":
        return peer_id_text(unpack_peer_id(value))
    text = value.decode("ascii")
    if not text or "/" in text or not text.isprintable():
        raise ValueError(f"a {name} of {text!r}")
    return text


def _number(data: bytes, at: int) -> tuple[int, int]:
    found = read_varint(data, at)
    if found is None:
        raise ValueError("cut short")
    return found
