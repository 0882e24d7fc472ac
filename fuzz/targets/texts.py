"""Addresses, endpoints and capabilities as text: a value whose text is read back, or ValueError."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from peerbus.actors.messages import Capability, parse_address
from peerbus.transports.streams.endpoint import Endpoint

READERS: tuple[Callable[[str], object], ...] = (parse_address, Endpoint.parse, Capability.parse)


def check(data: bytes) -> None:
    """Each reader gets each text; what UTF-8 cannot hold comes as a surrogate, as from a command line."""
    text = data.decode("utf-8", "surrogateescape")
    for read in READERS:
        try:
            value = read(text)
        except ValueError:
            continue
        again = str(value)
        assert read(again) == value, again
        assert str(read(again)) == again
        hash(value)


def seeds() -> Iterator[tuple[str, bytes]]:
    """One of each form."""
    node_id = "0123456789abcdef" * 4
    texts = {
        "local": "bus://local/blocks",
        "peer": f"bus://{node_id}/blocks",
        "role": "bus://role:archive/blocks",
        "all": "bus://all/blocks",
        "role_all": "bus://role:archive:all/blocks",
        "tcp": "tcp://127.0.0.1:7000",
        "tcp_ipv6": f"tcp://{node_id}@[fe80::1%eth0]:7000",
        "tcp_name": "tcp://node-1.example.org:65535",
        "unix": f"unix://{node_id}@/run/bus@home.sock",
        "memory": "memory://alice",
        "capability": "archive{from=1000,to=2000}",
        "empty_braces": "archive{}",
    }
    for name, text in texts.items():
        yield name, text.encode()
