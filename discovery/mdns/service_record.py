"""What stands in a node's mDNS record, written and read; reading trusts nothing."""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ...actors.messages import Capability
from ...transports.streams import Endpoint, Scope, check_node_id, is_foreign
from ..facts import Candidate
from ..peer import MAX_ADDRESSES
from ..records import heard_at, zone_of

__all__ = [
    "DISCARD",
    "MAX_NETWORK",
    "MAX_TXT",
    "SERVICE_TYPE",
    "SRV_SCHEME",
    "Ignored",
    "RawRecord",
    "instance_name",
    "read_record",
    "text_of",
]

#: RFC 6763 §4.1.2: service, protocol, domain. A service name has at most 15 letters (RFC 6335 §5.1).
SERVICE_TYPE = "_peerbus._tcp.local."
VERSION = "1"
#: 80 bits of the node id: unique without probing, and an instance label holds 63 bytes.
NAME_DIGITS = 20
#: One `key=value` string has a one-byte length (RFC 6763 §6.1).
MAX_STRING = 255
#: RFC 6763 §6.2 recommends to keep the record in one Ethernet frame.
MAX_TXT = 1300
#: A network name in bytes; HELLO has the same limit.
MAX_NETWORK = 64
#: Far more roles than fit in MAX_TXT, were each one letter long there would be some 600.
MAX_ROLES = 256
ROLES_CUT = "roles-cut"
#: The scheme of what the SRV record's port and the addresses say, as it stands in SERVICE_TYPE; and the port of a
#: service that has none of that scheme (RFC 863).
SRV_SCHEME, DISCARD = "tcp", 9
#: `at`, `at2`, …: endpoints in place of the SRV record's port and the addresses, as `host:port`.
AT = "at"
#: `via`, `via2`, …: endpoints of other schemes, which then stand beside `at`; those of schemes that the reader does not
#: know are left out.
VIA = "via"
#: Bytes of one endpoint of another scheme, and of all of them: the record has to hold roles as well.
MAX_VIA, MAX_VIAS = 200, 600


@dataclass(frozen=True, slots=True)
class RawRecord:
    """A resolved service as it came from the network."""

    name: str
    port: int | None
    addresses: Sequence[str]
    txt: Mapping[bytes, bytes | None]
    txt_size: int
    #: The address that it came from; "": not known.
    heard_from: str = ""


@dataclass(frozen=True, slots=True)
class Ignored:
    """The record nominates nobody. `reason`: self, version, id, name, network, port, addresses, size."""

    reason: str
    #: The network that it is of, where that is the reason.
    network: str = field(default="", compare=False)


def instance_name(node_id: str) -> str:
    """The full name of a node's service instance. Raises ValueError for what is not a node id."""
    return f"{check_node_id(node_id)[:NAME_DIGITS]}.{SERVICE_TYPE}"


def text_of(node_id: str, network: str, roles: Iterable[str], at: Iterable[Endpoint] = ()) -> dict[str, str]:
    """The TXT strings that say who this is and what it offers (RFC 6763 §6), and where it is `at`, if not as SRV says.

    Roles go into `roles`, `roles2`, … in alphabetical order; where they do not fit in `MAX_TXT` bytes those that
    fit go out, and `roles-cut=1` says that there are more. Role routing never relies on this record.
    Raises ValueError for a malformed id or role, or a network name over `MAX_NETWORK` bytes.
    """
    if not 0 < len(network.encode()) <= MAX_NETWORK:
        raise ValueError(f"network name {network!r} must have 1 to {MAX_NETWORK} bytes")
    text = {"v": VERSION, "id": check_node_id(node_id), "net": network}
    text |= _places(at)
    left = MAX_TXT - _size(text) - _size({ROLES_CUT: "1"})
    key, names = "roles", list[str]()
    for role in sorted({Capability(role).role for role in roles}):
        if len(key) + 1 + len(",".join([*names, role])) > MAX_STRING:
            left -= _size({key: text[key]})
            key, names = f"roles{int(key[5:] or 1) + 1}", []
        if _size({key: ",".join([*names, role])}) > left:
            text[ROLES_CUT] = "1"
            break
        names.append(role)
        text[key] = ",".join(names)
    return text


def read_record(raw: RawRecord, *, self_id: str, network: str, loopback: bool) -> Candidate | Ignored:
    """The node that a record nominates, or why none.

    Only another node of the same network counts. Of more addresses or roles than a node of this version has the first
    count, as a host that changes its addresses has twice as many for a while. Addresses that cannot be dialed
    (unspecified, multicast, and loopback unless `loopback` and heard there: it would be this machine, and no stranger's
    to tell) are left out.
    """
    if raw.txt_size > MAX_TXT:
        return Ignored("size")
    text = _decoded(raw.txt)
    if text.get("v") != VERSION:
        return Ignored("version")
    try:
        node_id = check_node_id(text.get("id", ""))
    except ValueError:
        return Ignored("id")
    if raw.name.lower() != instance_name(node_id).lower():
        return Ignored("name")
    if text.get("net") != network:
        return Ignored("network", text.get("net", ""))
    if node_id == self_id:
        return Ignored("self")
    if raw.port is None or not 0 < raw.port < 2**16:
        return Ignored("port")
    places, others = _places_in(text), _others_in(text)
    if places is None or others is None:
        return Ignored("addresses")
    if AT not in text and VIA not in text:
        places = _resolved(raw.addresses, raw.port)
    here = loopback and (not raw.heard_from or _is_loopback(raw.heard_from))
    way = Scope.MACHINE if here else Scope.LINK
    endpoints: list[Endpoint] = []
    for place in [*places, *others][:MAX_ADDRESSES]:
        # The zone is the one on which the address records came: nobody else can say it.
        zone = zone_of(place) or next((a.partition("%")[2] for a in raw.addresses if "%" in a), "")
        if place.usable(way):
            endpoints += heard_at([place.with_peer(node_id)], zone)
    if not endpoints:
        return Ignored("addresses")
    return Candidate(node_id, tuple(endpoints), _roles_in(text), source="mdns", heard_from=raw.heard_from, way=way)


def _size(text: Mapping[str, str]) -> int:
    return sum(1 + len(f"{key}={value}".encode()) for key, value in text.items())


def _decoded(txt: Mapping[bytes, bytes | None]) -> dict[str, str]:
    # Keys have no case (RFC 6763 §6.4); of two that are the same the first counts.
    text: dict[str, str] = {}
    for key, value in txt.items():
        text.setdefault(key.decode("ascii", "replace").lower(), (value or b"").decode("utf-8", "replace"))
    return text


def _roles_in(text: Mapping[str, str]) -> tuple[str, ...]:
    """Those that this version can read: what routing goes by is said in the handshake."""
    roles: list[str] = []
    key, number = "roles", 1
    while key in text:
        roles += text[key].split(",") if text[key] else []
        number += 1
        key = f"roles{number}"
    found: dict[str, None] = {}
    for role in roles[:MAX_ROLES]:
        with contextlib.suppress(ValueError):
            found[Capability(role).role] = None
    return tuple(found)


def _places(at: Iterable[Endpoint]) -> dict[str, str]:
    """As `at`, `at2`, … and `via`, `via2`, …, as many as fit in each."""
    places: list[str] = []
    others: list[str] = []
    left = MAX_VIAS
    for endpoint in at:
        text = str(endpoint.without_peer())
        if endpoint.scheme == SRV_SCHEME:
            places.append(text.partition("://")[2])
        elif len(text) <= min(left, MAX_VIA) and "," not in text and text.isascii():
            others.append(text)
            left -= len(text) + 1
    return _strings(AT, places) | _strings(VIA, others)


def _strings(name: str, parts: Iterable[str]) -> dict[str, str]:
    text: dict[str, str] = {}
    key, said = name, list[str]()
    for part in parts:
        if said and len(key) + 1 + len(",".join([*said, part])) > MAX_STRING:
            key, said = f"{name}{len(text) + 1}", []
        said.append(part)
        text[key] = ",".join(said)
    return text


def _places_in(text: Mapping[str, str]) -> list[Endpoint] | None:
    """The endpoints of `at`, `at2`, …; None where one is malformed."""
    try:
        places = [Endpoint.parse(f"{SRV_SCHEME}://{one}") for one in _parts(text, AT)]
    except ValueError:
        return None
    # A zone in it would be one of the teller's.
    return [replace(place, host=place.host.partition("%")[0]) for place in places if place.port]


def _others_in(text: Mapping[str, str]) -> list[Endpoint] | None:
    """The endpoints of `via`, `via2`, … whose schemes are known; None where one is malformed."""
    try:
        others = [Endpoint.parse(one) for one in _parts(text, VIA) if not is_foreign(one)]
    except ValueError:
        return None
    return [replace(place, host=place.host.partition("%")[0]) if place.direct else place for place in others]


def _parts(text: Mapping[str, str], name: str) -> list[str]:
    """What stands in `name`, `name2`, …, cut at the commas: somewhat more than may be there, where that is so."""
    parts: list[str] = []
    key, number = name, 1
    while key in text and len(parts) <= MAX_ADDRESSES:
        parts += text[key].split(",")
        number += 1
        key = f"{name}{number}"
    return parts


def _resolved(addresses: Iterable[str], port: int) -> list[Endpoint]:
    found: list[Endpoint] = []
    for address in dict.fromkeys(addresses):
        with contextlib.suppress(ValueError):
            ipaddress.ip_address(address.partition("%")[0])
            found.append(Endpoint(SRV_SCHEME, host=address, port=port))
    return found


def _is_loopback(text: str) -> bool:
    try:
        return ipaddress.ip_network(text).is_loopback
    except ValueError:
        return False
