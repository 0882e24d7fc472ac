"""What is sifted out, zeroconf does not hear."""

from __future__ import annotations

import asyncio
from typing import Any

from peerbus.discovery.mdns.sifter import Sifter


class Behind(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.heard: list[object] = []

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        self.heard.append((data, addr))

    def error_received(self, exc: Exception) -> None:
        self.heard.append(exc)

    def connection_lost(self, exc: Exception | None) -> None:
        self.heard.append("lost")


def test_a_packet_passes_that_is_let_through_and_errors_always_do() -> None:
    behind, error = Behind(), OSError("x")
    sifter = Sifter(behind, lambda data, host: data != b"no" and host == "10.0.0.1")
    sifter.datagram_received(b"yes", ("10.0.0.1", 5353))
    sifter.datagram_received(b"no", ("10.0.0.1", 5353))
    sifter.datagram_received(b"yes", ("10.0.0.2", 5353))
    sifter.error_received(error)
    sifter.connection_lost(None)
    assert behind.heard == [(b"yes", ("10.0.0.1", 5353)), error, "lost"]
