"""pyzmq: PUSH/PULL or PUB/SUB for one-way, DEALER/ROUTER for asks; blocking calls, a thread for each socket."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from time import perf_counter

import msgpack
import zmq

from ..client import Offered, SyncClient
from ..processes import Served
from ..run import Run
from ..tally import Tally, obey
from ..timing import BATCH, IN_FLIGHT, Until

__all__ = ["connected", "serve"]

#: Milliseconds after which a send that found the high-water mark fails.
_SEND_TIMEOUT = 1000
#: Seconds in which a subscription reaches its publisher; a PUB tells nobody when it has.
_SUBSCRIBED = 0.3

TALLY = Tally()


class _Client(SyncClient):
    def __init__(self, one_way: zmq.Socket[bytes], asks: zmq.Socket[bytes]) -> None:
        self._one_way = one_way
        self._asks = asks
        self._pack = msgpack.Packer().pack

    def tell(self, payload: bytes, until: Until, every: int = BATCH) -> Offered:
        send, pack, sent, failed = self._one_way.send, self._pack, 0, 0
        while not until.over():
            for seq in range(sent, sent + every):
                try:
                    send(pack((seq, payload)))
                except zmq.Again:
                    failed += 1
            sent += every
        return Offered(sent, failed)

    def ask(self, payload: bytes, until: Until) -> list[float]:
        asks = self._asks
        times: list[float] = []
        while not until.over():
            start = perf_counter()
            asks.send(self._pack((len(times), payload)))
            msgpack.unpackb(asks.recv())
            times.append(perf_counter() - start)
        return times

    def in_flight(self, payload: bytes, until: Until) -> float:
        asks, pack, start, number = self._asks, self._pack, perf_counter(), IN_FLIGHT
        for seq in range(IN_FLIGHT):
            asks.send(pack((seq, payload)))
        while not until.over():
            for seq in range(number, number + BATCH):
                msgpack.unpackb(asks.recv())
                asks.send(pack((seq, payload)))
            number += BATCH
        for _ in range(IN_FLIGHT):
            msgpack.unpackb(asks.recv())
        return number / (perf_counter() - start)

    def count(self) -> int:
        self._asks.send(self._pack((0, None)))
        return int(msgpack.unpackb(self._asks.recv())[1])


@contextlib.contextmanager
def connected(run: Run, product: str, server: Served) -> Iterator[_Client]:
    """Two sockets to the receiver's two ports."""
    ports = server.line.split()
    context = zmq.Context()
    try:
        one_way = context.socket(zmq.PUB if product == "zmq.pub" else zmq.PUSH)
        one_way.setsockopt(zmq.SNDTIMEO, _SEND_TIMEOUT)
        one_way.connect(f"tcp://127.0.0.1:{ports[0]}")
        asks = context.socket(zmq.DEALER)
        asks.connect(f"tcp://127.0.0.1:{ports[1]}")
        if product == "zmq.pub":
            time.sleep(_SUBSCRIBED)
        yield _Client(one_way, asks)
    finally:
        context.destroy(linger=0)


def serve(run: Run, product: str) -> None:
    """Bind both sockets; receive from a thread each."""
    context = zmq.Context()
    one_way = context.socket(zmq.SUB if product == "zmq.pub" else zmq.PULL)
    if product == "zmq.pub":
        one_way.setsockopt(zmq.SUBSCRIBE, b"")
    asks = context.socket(zmq.ROUTER)
    ports = [socket.bind_to_random_port("tcp://127.0.0.1") for socket in (one_way, asks)]
    threading.Thread(target=_count, args=(one_way,), name="one-way", daemon=True).start()
    threading.Thread(target=_answer, args=(asks,), name="asks", daemon=True).start()
    print(*ports, flush=True)  # for the sender
    obey(TALLY)


def _count(socket: zmq.Socket[bytes]) -> None:
    receive, unpack = socket.recv, msgpack.unpackb
    while True:
        unpack(receive())
        TALLY.count += 1
        if TALLY.delay and (pause := TALLY.pause(perf_counter())):
            time.sleep(pause)


def _answer(socket: zmq.Socket[bytes]) -> None:
    pack = msgpack.Packer().pack
    while True:
        who, frame = socket.recv_multipart()
        seq, payload = msgpack.unpackb(frame)
        socket.send_multipart((who, pack((seq, TALLY.count if payload is None else payload))))
