"""zenoh-python: a publisher for one-way, a queryable for asks; two peers over one TCP link on 127.0.0.1."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from time import perf_counter

import msgpack
import zenoh

from ..client import Offered, SyncClient
from ..processes import Served
from ..run import Run
from ..tally import Tally, obey
from ..timing import BATCH, IN_FLIGHT, Until

__all__ = ["connected", "serve"]

#: Microseconds that a blocked put waits before zenoh closes the link; its default is 5 s.
_WAIT_BEFORE_CLOSE = 600_000_000
#: Seconds within which the subscriber must be known to the publisher.
_PATIENCE = 10.0

TALLY = Tally()


class _Client(SyncClient):
    def __init__(self, session: zenoh.Session, publisher: zenoh.Publisher) -> None:
        self._session = session
        self._publisher = publisher
        self._pack = msgpack.Packer().pack
        self._querier = session.declare_querier("bench/ask")

    def tell(self, payload: bytes, until: Until, every: int = BATCH) -> Offered:
        put, pack, sent, failed = self._publisher.put, self._pack, 0, 0
        while not until.over():
            for seq in range(sent, sent + every):
                try:
                    put(pack((seq, payload)))
                except zenoh.ZError:
                    failed += 1
            sent += every
        return Offered(sent, failed)

    def ask(self, payload: bytes, until: Until) -> list[float]:
        times: list[float] = []
        while not until.over():
            start = perf_counter()
            self._ask(len(times), payload)
            times.append(perf_counter() - start)
        return times

    def in_flight(self, payload: bytes, until: Until) -> float:
        free, start, number = threading.Semaphore(IN_FLIGHT), perf_counter(), 0

        def answered(reply: zenoh.Reply) -> None:
            msgpack.unpackb(reply.ok.payload.to_bytes())
            free.release()

        while not until.over():
            free.acquire()
            self._querier.get(answered, payload=self._pack((number, payload)))
            number += 1
        for _ in range(IN_FLIGHT):
            free.acquire()
        return number / (perf_counter() - start)

    def count(self) -> int:
        return int(self._ask(0, None)[1])

    def _ask(self, seq: int, payload: bytes | None) -> tuple[int, int]:
        for reply in self._querier.get(payload=self._pack((seq, payload))):
            seq, value = msgpack.unpackb(reply.ok.payload.to_bytes())
            return seq, value
        raise RuntimeError("zenoh brought no reply")


def _session(listen: str | None, connect: str | None) -> zenoh.Session:
    config = zenoh.Config()
    settings: dict[str, object] = {
        "mode": "peer",
        "scouting/multicast/enabled": False,
        "scouting/gossip/enabled": False,
        "listen/endpoints": [] if listen is None else [listen],
        "connect/endpoints": [] if connect is None else [connect],
        # On one machine zenoh would hand large messages over in shared memory; here all go the way of two machines.
        "transport/shared_memory/enabled": False,
        "transport/link/tx/queue/congestion_control/block/wait_before_close": _WAIT_BEFORE_CLOSE,
    }
    for key, value in settings.items():
        config.insert_json5(key, json.dumps(value))
    return zenoh.open(config)


@contextlib.contextmanager
def connected(run: Run, product: str, server: Served) -> Iterator[_Client]:
    """A session connected to the receiver's."""
    with _session(None, server.line) as session:
        publisher = session.declare_publisher("bench/tell", congestion_control=zenoh.CongestionControl.BLOCK)
        until = Until(_PATIENCE)
        while not publisher.matching_status.matching and not until.over():
            time.sleep(0.01)
        yield _Client(session, publisher)


def serve(run: Run, product: str) -> None:
    """A subscriber and a queryable, each with a callback, which zenoh calls on threads of its own."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]  # zenoh does not tell which port it took
    endpoint = f"tcp/127.0.0.1:{port}"
    pack = msgpack.Packer().pack

    def take(sample: zenoh.Sample) -> None:
        msgpack.unpackb(sample.payload.to_bytes())
        TALLY.count += 1
        if TALLY.delay and (pause := TALLY.pause(perf_counter())):
            time.sleep(pause)

    def answer(query: zenoh.Query) -> None:
        with query:
            assert query.payload is not None
            seq, payload = msgpack.unpackb(query.payload.to_bytes())
            query.reply("bench/ask", pack((seq, TALLY.count if payload is None else payload)))

    with _session(endpoint, None) as session:
        session.declare_subscriber("bench/tell", take)
        session.declare_queryable("bench/ask", answer)
        print(endpoint, flush=True)  # for the sender
        obey(TALLY)
