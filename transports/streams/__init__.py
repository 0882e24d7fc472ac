"""Bytes to one other node: the contract of a stream, TCP, Unix sockets and memory, and the key that proves a node."""

from __future__ import annotations

import sys

if sys.platform == "win32":
    raise ImportError(
        "peerbus.node and what it stands on need a POSIX system, Linux or macOS; on Windows use WSL 2. "
        "peerbus.actors, the bus of one process, runs there"
    )

from .arrival_limit import ArrivalLimit
from .authority import ATTRIBUTE_URI, ROLE_URI, Authority, Terms
from .endpoint import Endpoint, check_node_id, host_of, is_foreign
from .identity import NOISE_KEY_CONTEXT, Identity, id_mismatch, node_id_of_key
from .key_file import MAX_KEY_FILE, guarded, read_key_file
from .memory import MemoryNetwork, MemoryTransport
from .memory_stream import MemoryStream, Parcel, Wire
from .names import Names
from .path_end import PathEnd
from .path_size import NARROW
from .piped_listener import PipedListener
from .piped_streams import BlockPipe
from .piped_transport import PipedTransport
from .receive_buffer import ReceiveBuffer
from .relay_flow import MESSAGE_HEAD, RELAY_RESET
from .relayed_stream import HANDSHAKE_WINDOW, RelayedStream
from .schemes import Scheme, known_schemes, register
from .scope import Scope, address_of_host, scope_of_host
from .shapes import HOST_AND_PORT, NAME, PATH, Location, Shape
from .socket_listener import SocketListener
from .socket_pair import stream_of_pair
from .socket_stream import SocketStream
from .sources import source_of
from .startups import MAX_UNJUDGED, Startup, Startups
from .tcp import TCP, TcpTransport
from .tcp_sockets import TcpSockets
from .tls import check_secret, client_context, server_context
from .tls_session import IdleRecords
from .transport import (
    FLUSH_TIMEOUT,
    HANDSHAKE_TIMEOUT,
    HIGH_WATER,
    LOW_WATER,
    MAX_CHUNK,
    MAX_CONNECTIONS_PER_ADDRESS_PER_SECOND,
    RECEIVE_BUFFER,
    ByteStream,
    Filling,
    Guarded,
    Listener,
    ManyPlaces,
    Meeting,
    Narrowing,
    Pausing,
    Provisional,
    Pushing,
    Refused,
    Retaining,
    Sizing,
    Stream,
    Transport,
    expected_peer,
)
from .transport_kind import TransportKind, TransportOptions
from .unix import UNIX, UnixTransport
from .write_gate import WriteGate

__all__ = [
    "ATTRIBUTE_URI",
    "FLUSH_TIMEOUT",
    "HANDSHAKE_TIMEOUT",
    "HANDSHAKE_WINDOW",
    "HIGH_WATER",
    "HOST_AND_PORT",
    "LOW_WATER",
    "MAX_CHUNK",
    "MAX_CONNECTIONS_PER_ADDRESS_PER_SECOND",
    "MAX_KEY_FILE",
    "MAX_UNJUDGED",
    "MESSAGE_HEAD",
    "NAME",
    "NARROW",
    "NOISE_KEY_CONTEXT",
    "PATH",
    "RECEIVE_BUFFER",
    "RELAY_RESET",
    "ROLE_URI",
    "TCP",
    "UNIX",
    "ArrivalLimit",
    "Authority",
    "Endpoint",
    "Filling",
    "Guarded",
    "Identity",
    "IdleRecords",
    "Listener",
    "Location",
    "BlockPipe",
    "PipedListener",
    "PipedTransport",
    "ManyPlaces",
    "Meeting",
    "MemoryNetwork",
    "MemoryStream",
    "MemoryTransport",
    "Names",
    "Narrowing",
    "Parcel",
    "Pausing",
    "Retaining",
    "Provisional",
    "Pushing",
    "PathEnd",
    "ReceiveBuffer",
    "Refused",
    "RelayedStream",
    "Scheme",
    "Scope",
    "Shape",
    "Sizing",
    "SocketListener",
    "SocketStream",
    "Startup",
    "Startups",
    "ByteStream",
    "Stream",
    "TcpSockets",
    "TcpTransport",
    "Terms",
    "Transport",
    "TransportKind",
    "TransportOptions",
    "UnixTransport",
    "Wire",
    "WriteGate",
    "address_of_host",
    "check_node_id",
    "check_secret",
    "client_context",
    "expected_peer",
    "guarded",
    "host_of",
    "id_mismatch",
    "is_foreign",
    "known_schemes",
    "node_id_of_key",
    "read_key_file",
    "register",
    "scope_of_host",
    "server_context",
    "source_of",
    "stream_of_pair",
]
