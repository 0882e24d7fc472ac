"""Certificates of strangers: the id of an Ed25519 key, or a ValueError, and nothing else whatever the parser says."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

from peerbus.actors.base import is_node_id
from peerbus.transports.streams.authority import Authority
from peerbus.transports.streams.identity import Identity, node_id_of

OWNER = Identity.from_seed(bytes(32))


def check(data: bytes) -> None:
    """A certificate in DER, as OpenSSL hands it over."""
    try:
        node_id = node_id_of(data)
    except ValueError:
        return
    assert is_node_id(node_id)


def seeds() -> Iterator[tuple[str, bytes]]:
    """An honest leaf, and one of an X.509 version that there is not."""
    issued = Authority(bytes(32)).issue(OWNER.public_key_der)
    der = ssl.PEM_cert_to_DER_cert(issued.certificate.decode("ascii"))
    yield "leaf", der
    yield "version", der.replace(bytes.fromhex("a003020102"), bytes.fromhex("a003020106"), 1)
