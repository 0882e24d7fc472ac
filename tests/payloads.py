"""Messages of one channel, and the codec that reads them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from peerbus.actors import Channel
from peerbus.transports.wire.payload import ChannelCodec


@dataclass(frozen=True)
class Get:
    height: int


@dataclass(frozen=True)
class Block:
    height: int
    data: bytes
    links: list[str] = field(default_factory=list)
    extra: Any = None


@dataclass(frozen=True)
class Empty:
    pass


CHANNEL = Channel("blocks", messages=(Get, Block, Empty), window=7, window_bytes=700, max_message=5000, priority=9)
CODEC = ChannelCodec(CHANNEL)
