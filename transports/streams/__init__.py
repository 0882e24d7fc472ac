"""Bytes to one other node: the contract of a stream, TCP, Unix sockets and memory, and the key that proves a node."""

from __future__ import annotations

from .authority import ATTRIBUTE_URI, ROLE_URI
from .endpoint import Endpoint, check_node_id, host_of, is_foreign, why_another
from .identity import Identity, node_id_of_key
from .key_file import MAX_KEY_FILE, guarded, read_key_file
from .memory import MemoryNetwork, MemoryTransport
from .memory_stream import MemoryStream, Parcel, Wire
from .path_size import NARROW
from .schemes import Scheme, known_schemes, register
from .scope import Scope, scope_of_host
from .shapes import HOST_AND_PORT, NAME, PATH, Location, Shape
from .startups import MAX_UNJUDGED
from .tcp import TCP, TcpTransport
from .tls_idle import IdleRecords
from .transport import (
    FLUSH_TIMEOUT,
    HANDSHAKE_TIMEOUT,
    HIGH_WATER,
    MAX_CHUNK,
    MAX_CONNECTIONS_PER_ADDRESS_PER_SECOND,
    RECEIVE_BUFFER,
    Guarded,
    Listener,
    ManyPlaces,
    Narrowing,
    Pausing,
    Provisional,
    Pushing,
    Sizing,
    Stream,
    Transport,
)
from .transport_kind import TransportKind, TransportOptions
from .unix import UNIX, UnixTransport

__all__ = [
    "HOST_AND_PORT",
    "NAME",
    "PATH",
    "TCP",
    "UNIX",
    "TransportKind",
    "Location",
    "Scheme",
    "Scope",
    "Shape",
    "Sizing",
    "TransportOptions",
    "known_schemes",
    "register",
    "scope_of_host",
    "ATTRIBUTE_URI",
    "ROLE_URI",
    "IdleRecords",
    "FLUSH_TIMEOUT",
    "HANDSHAKE_TIMEOUT",
    "HIGH_WATER",
    "MAX_CHUNK",
    "MAX_CONNECTIONS_PER_ADDRESS_PER_SECOND",
    "MAX_KEY_FILE",
    "MAX_UNJUDGED",
    "NARROW",
    "RECEIVE_BUFFER",
    "Endpoint",
    "Guarded",
    "Identity",
    "Wire",
    "Listener",
    "ManyPlaces",
    "Narrowing",
    "MemoryNetwork",
    "MemoryStream",
    "MemoryTransport",
    "Parcel",
    "Provisional",
    "Pausing",
    "Pushing",
    "Stream",
    "TcpTransport",
    "Transport",
    "UnixTransport",
    "check_node_id",
    "guarded",
    "host_of",
    "is_foreign",
    "node_id_of_key",
    "read_key_file",
    "why_another",
]
