"""What compression saves and costs on messages as the examples send them, by the way that the bus goes."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import msgspec

from peerbus.transports.compression import CompressionPool, Expander, Squeezer, method_of
from peerbus.transports.wire import Compressed

from .compression.corpus import CORPORA, Corpus, bodies
from .run import Run

__all__ = ["COMPRESSED", "METHODS", "compressed"]

#: Kinds of messages, 200 bytes to 64 KiB, and how each is compressed.
COMPRESSED = ("Transaction", "Write", "Reading", "PeerRecords", "Block of sources", "Block of noise")
METHODS = ("zstd", "zlib")
#: Of the messages of a corpus as many as a quick look takes, and bytes of the largest body.
_SHARE, _LIMIT = 0.25, 1 << 20


def compressed(run: Run) -> Mapping[str, float]:
    """Each kind of messages through both ends of a lane: bytes of one that travel, and its processor time."""
    found: dict[str, float] = {}
    for corpus in CORPORA:
        frames = _frames(corpus)
        found[corpus.name] = sum(map(len, frames)) / len(frames)
        for name in METHODS:
            size, seconds = _through(name, frames, run.seconds / 4)
            found[f"{corpus.name}, {name}"], found[f"{corpus.name}, {name}, time"] = size, seconds
    return found


def _frames(corpus: Corpus) -> list[bytes]:
    return list(bodies(corpus.payloads(max(8, int(corpus.count * _SHARE))), together=False))


def _through(name: str, frames: Sequence[bytes], seconds: float) -> tuple[float, float]:
    """Bytes of a message, and seconds: of the best pass of those that begin within that many seconds."""
    decode = msgspec.msgpack.Decoder(Compressed).decode
    method, best, size = method_of(name), float("inf"), 0
    assert method is not None
    end = time.perf_counter() + seconds
    while True:
        pool = CompressionPool()
        counts = pool.of(name)
        out, back = Squeezer(method, 1, pool, counts), Expander(method, _LIMIT, counts)
        began, size = time.process_time(), 0
        for frame in frames:
            packed = out.pack(frame)
            size += len(packed)
            if packed is not frame:
                assert back.expand(decode(packed)) == frame, f"{name} does not give it back"
        best = min(best, time.process_time() - began)
        if time.perf_counter() >= end:
            return size / len(frames), best / len(frames)
