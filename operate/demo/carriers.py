"""What carries the streams of the demonstration: where its nodes listen, by the name that the flag has."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

__all__ = ["CARRIERS", "DEFAULT_CARRIER"]

#: The demonstration uses no other network than the loopback one.
CARRIERS: Final = MappingProxyType({"tcp": "tcp://127.0.0.1:0", "libp2p": "libp2p+tcp://127.0.0.1:0"})
DEFAULT_CARRIER: Final = "tcp"
