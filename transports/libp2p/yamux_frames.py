"""The frames of yamux (hashicorp/yamux, spec.md; libp2p specs/yamux): 12 bytes, and behind a data frame its bytes."""

from __future__ import annotations

import enum
import struct
from typing import Final

__all__ = ["HEADER", "FIRST_WINDOW", "YamuxFlag", "YamuxKind", "header"]

#: Version, kind, flags, stream, length.
_LAYOUT: Final = struct.Struct(">BBHII")
#: Bytes of a header.
HEADER: Final = _LAYOUT.size
#: Bytes that a side may send on a new stream before it is told more.
FIRST_WINDOW: Final = 256 * 1024

unpack_header = _LAYOUT.unpack_from


class YamuxKind(enum.IntEnum):
    """What a frame is."""

    DATA = 0
    WINDOW = 1
    PING = 2
    GO_AWAY = 3


class YamuxFlag(enum.IntFlag):
    """What a frame says of its stream beside that."""

    SYN = 1
    ACK = 2
    FIN = 4
    RST = 8


def header(kind: int, flags: int, stream: int, length: int) -> bytes:
    """The header of a frame. `length`: bytes of data, bytes that may be sent more, a ping's number, or a reason."""
    return _LAYOUT.pack(0, kind, flags, stream, length)
