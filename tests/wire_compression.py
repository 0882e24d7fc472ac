"""Vectors of what travels compressed. The bytes are kept: another release of a library compresses to others."""

from __future__ import annotations

from typing import Any, cast

import msgpack
import msgspec

from peerbus.actors.base import ProtocolError
from peerbus.transports.compression import CompressionPool, Expander, Method, method_of
from peerbus.transports.compression.expander import RATIO
from peerbus.transports.wire import Compressed, FrameEncoder, Tell

__all__ = ["compression", "compression_block"]

#: Bytes of the largest body on the lane of the vectors.
LIMIT = 65_600
BODIES = [
    FrameEncoder().body(Tell(0, [(1, 0, msgpack.packb({"height": height})) for height in range(first, first + 6)]))
    for first in (7, 13)
]
#: Two pieces of one context, each for one of these bodies.
PIECES = {
    "zlib": (
        "9acccc306d3223c311cec66519a999e91925ec283c0e141e270a8f0b85c78dc2e30100",
        "9a8c6e2e2f0a8f0f85c78fc21340e109a2f0840000",
    ),
    "zstd": (
        "28b52ffd0030140100b893030096930100c40981a66865696768740708090a0b0c05040a40c00106849861",
        "b40000300d0e0f1011120600e010701c381838048edbe61004",
    ),
}


def _expander(word: str) -> Expander:
    return Expander(cast("Method", method_of(word)), LIMIT, CompressionPool().of("blocks"))


def _frame(*fields: object) -> bytes:
    return msgspec.msgpack.encode((20, 0, *fields))


def compression() -> dict[str, Any]:
    """Frames of one context in their order with the bodies that they stand for, and frames that end a connection."""
    found: list[dict[str, Any]] = []
    for word, pieces in PIECES.items():
        expander, frames = _expander(word), []
        for place, (piece, body) in enumerate(zip(pieces, BODIES, strict=True)):
            frame = _frame(int(not place), len(body), bytes.fromhex(piece))
            assert expander.expand(msgspec.msgpack.decode(frame, type=Compressed)) == body
            frames.append({"frame": frame.hex(), "body": body.hex()})
        found.append({"method": word, "frames": frames})
    return {"limit": LIMIT, "ratio": RATIO, "read": found, "refused": list(_refused())}


def _refused() -> Any:
    piece, size = bytes.fromhex(PIECES["zlib"][0]), len(BODIES[0])
    for why, frame in (
        ("it makes more than it says", _frame(1, size - 1, piece)),
        ("it makes less than it says", _frame(1, size + 1, piece)),
        ("it says more than the lane takes", _frame(1, LIMIT + 1, piece, bytes(300))),
        ("it says more than a byte may stand for", _frame(1, RATIO * len(piece) + 1, piece)),
        ("it goes on where nothing has begun", _frame(0, size, piece)),
        ("it is no deflate", _frame(1, size, b"\xff" * 40)),
    ):
        try:
            _expander("zlib").expand(msgspec.msgpack.decode(frame, type=Compressed))
        except ProtocolError as error:
            yield {"why": why, "method": "zlib", "word": error.reason, "frame": frame.hex()}
        else:
            raise AssertionError(f"{why}: a reader takes it")


def compression_block() -> str:
    """The table of docs/wire.md."""
    rows = ["| method | | body of COMPRESSED | is the body |", "| --- | --- | --- | --- |"]
    for each in compression()["read"]:
        for place, (frame, body) in enumerate((one["frame"], one["body"]) for one in each["frames"]):
            shown = " ".join(frame[at : at + 2] for at in range(0, len(frame), 2))
            told = f"TELL of 6 messages, {len(body) // 2} bytes"
            rows.append(f"| `{each['method']}` | {('first', 'second')[place]} | `{shown}` | {told} |")
    return "\n".join(rows) + "\n"
