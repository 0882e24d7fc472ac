"""Which targets there are, and where their inputs lie."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["CORPUS", "CRASHES", "TARGETS", "Target", "load"]

HERE = Path(__file__).resolve().parent
#: Inputs that are kept: one folder a target. What crashed once stays here as `fixed-…`.
CORPUS = HERE / "corpus"
#: Inputs that crash now; not kept in the repository.
CRASHES = HERE / "crashes"

TARGETS = {
    "admin_bodies": "what comes as JSON with a lever or a message that the admin API is to send",
    "admin_http": "the HTTP of the admin API: what any program on the machine, or a page of a browser, may send",
    "certificate": "certificates that strangers show in TLS: bytes that OpenSSL takes, and another parser reads",
    "compressed": "COMPRESSED frames: streams of a peer, piece by piece",
    "description": "what a peer says that its channels declare",
    "dns_answer": "answers of name servers, as much of them as is passed on to a parser",
    "entry": "what a stranger shows before HELLO: openings, proofs, certificates; and lists of revoked ones",
    "error_text": "ERROR: codes and texts of a peer, as whoever prints the error that they become sees them",
    "event_stream": "the events of a node, as a client of its admin API reads them",
    "frames": "the frame decoder and the reassembler: bytes on an open connection",
    "gossip": "what the neighbours of a gossip say, in whatever order, and what that makes a member hold",
    "handshake": "the handshake, as dialer and as acceptor: bytes of a peer that nobody knows yet",
    "hello": "HELLO, OPEN and UPDATE: what a peer says of itself",
    "identify": "what a host of libp2p says of itself",
    "libp2p_upgrade": "multistream-select and Noise of libp2p, as dialer and as acceptor, sealed or not",
    "map_keys": "maps and sets in what a peer sends, whose keys it could make collide",
    "mdns_packet": "packets of multicast DNS, as the doctor counts nodes in them",
    "mdns_record": "mDNS records: what anybody on the network segment may send",
    "multiaddr": "multiaddrs and peer ids, as text and as bytes",
    "payload": "payloads: messages of a channel against their declared types",
    "peer_record": "signed peer records: from a peer, or from one that passes it on",
    "pex": "peer exchange: answers of a peer, signed and not",
    "streams": "ITEMS, END and GRANT of a peer, to streams that it sends and that it reads",
    "texts": "addresses, endpoints and capabilities as text",
    "traces": "traces behind the messages of a frame, and their two headers",
    "nats_server": "what a NATS server says, and the flow of a stream that it carries",
    "yamux": "frames of yamux, and what a peer may make a side hold by them",
}


@dataclass(frozen=True, slots=True)
class Target:
    """One target: `check` fails on a defect, `seeds` are honest inputs by name, `mutate` knows their form."""

    name: str
    check: Callable[[bytes], None]
    seeds: Callable[[], Iterator[tuple[str, bytes]]]
    mutate: Callable[[bytes, int, int], bytes] | None


def load(name: str) -> Target:
    """Import a target. Raises ModuleNotFoundError where there is none."""
    module = importlib.import_module(f"fuzz.targets.{name}")
    return Target(name, module.check, module.seeds, getattr(module, "mutate", None))
