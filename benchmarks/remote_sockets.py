"""The limit without an event loop: blocking sockets with msgpack, a thread at each end."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from time import perf_counter

import msgpack

from .client import Offered, SyncClient
from .processes import Served
from .run import Run
from .tally import Tally, obey
from .timing import BATCH, IN_FLIGHT, Until

__all__ = ["connected", "serve"]

_TELL, _ASK, _COUNT = range(3)
#: Bytes of one read.
_READ = 256 << 10

TALLY = Tally()


class _Client(SyncClient):
    """A write for each message."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._pack = msgpack.Packer().pack
        self._unpacker = msgpack.Unpacker()

    def tell(self, payload: bytes, until: Until, every: int = BATCH) -> Offered:
        send, pack, sent = self._socket.sendall, self._pack, 0
        while not until.over():
            for seq in range(sent, sent + every):
                send(pack((_TELL, seq, payload)))
            sent += every
        return Offered(sent)

    def ask(self, payload: bytes, until: Until) -> list[float]:
        times: list[float] = []
        while not until.over():
            start = perf_counter()
            self._socket.sendall(self._pack((_ASK, len(times), payload)))
            self._answers(1)
            times.append(perf_counter() - start)
        return times

    def in_flight(self, payload: bytes, until: Until) -> float:
        start, done = perf_counter(), 0
        for seq in range(IN_FLIGHT):
            self._socket.sendall(self._pack((_ASK, seq, payload)))
        while not until.over():
            answered = self._answers(1)  # all that one read brought
            for seq in range(answered):
                self._socket.sendall(self._pack((_ASK, seq, payload)))
            done += answered
        self._answers(IN_FLIGHT)
        return (done + IN_FLIGHT) / (perf_counter() - start)

    def count(self) -> int:
        self._socket.sendall(self._pack((_COUNT, 0, b"")))
        while True:
            self._unpacker.feed(self._socket.recv(_READ))
            for _, _, value in self._unpacker:
                return int(value)

    def _answers(self, number: int) -> int:
        found = 0
        while found < number:
            self._unpacker.feed(self._socket.recv(_READ))
            found += sum(1 for _ in self._unpacker)
        return found


@contextlib.contextmanager
def connected(run: Run, product: str, server: Served) -> Iterator[_Client]:
    """A connected socket."""
    with socket.create_connection(("127.0.0.1", int(server.line))) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield _Client(connection)


def serve(run: Run, product: str) -> None:
    """Accept one connection and serve it from a thread."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)  # for the sender
        threading.Thread(target=_receive, args=(listener,), name="receiver", daemon=True).start()
        obey(TALLY)


def _receive(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    unpacker, pack = msgpack.Unpacker(), msgpack.Packer().pack
    while data := connection.recv(_READ):
        unpacker.feed(data)
        for kind, seq, payload in unpacker:
            if kind == _TELL:
                TALLY.count += 1
            elif kind == _ASK:
                connection.sendall(pack((_ASK, seq, payload)))
            else:
                connection.sendall(pack((_COUNT, seq, TALLY.count)))
