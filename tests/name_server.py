"""A small DNS server on a loopback address (RFC 1035), which answers, denies, or says nothing at all."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator

__all__ = ["NameServer", "ask", "name_server"]

_A = 1


class NameServer:
    """Answers questions for addresses from `names`, and counts them in `asked`; names in `silent` get no answer.

    Thread: one (waits for: questions; feeds: who asks).
    """

    def __init__(self, address: str = "127.0.0.1", port: int = 0) -> None:
        self.names: dict[str, list[str]] = {}
        self.silent: set[str] = set()
        self.asked: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, port))
        self.address: tuple[str, int] = self._socket.getsockname()
        self._thread = threading.Thread(target=self._serve, name="name server")
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(b"", self.address)
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            question, asker = self._socket.recvfrom(512)
            if not question:
                return
            name, kind, end = _question(question)
            self.asked.append(name)
            if name in self.silent:
                continue
            found = self.names.get(name)
            records = [] if found is None or kind != _A else found
            # A response, recursion desired and available; 3 is "there is no such name".
            head = struct.pack(">2sHHHHH", question[:2], 0x8180 | (3 if found is None else 0), 1, len(records), 0, 0)
            answers = [struct.pack(">HHHIH", 0xC00C, _A, 1, 0, 4) + socket.inet_aton(one) for one in records]
            self._socket.sendto(head + question[12:end] + b"".join(answers), asker)


def _question(data: bytes) -> tuple[str, int, int]:
    """The name that is asked for, of which kind the record shall be, and where the question ends."""
    labels, at = [], 12
    while length := data[at]:
        labels.append(data[at + 1 : at + 1 + length].decode())
        at += 1 + length
    (kind,) = struct.unpack_from(">H", data, at + 1)
    return ".".join(labels).lower(), kind, at + 5


@contextlib.contextmanager
def name_server(address: str = "127.0.0.1", port: int = 0) -> Iterator[NameServer]:
    """One that is closed at the end."""
    server = NameServer(address, port)
    try:
        yield server
    finally:
        server.close()


def ask(server: tuple[str, int], name: str, *, patience: float = 30.0) -> list[str]:
    """The addresses of a name by that server, as the system's resolver asks: `Names(partial(ask, address))`.

    Raises gaierror: EAI_NONAME for a name that there is not, EAI_AGAIN for one without an answer.
    """
    question = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(patience)
        sock.sendto(struct.pack(">HHHHHH", 7, 0x0100, 1, 0, 0, 0) + question + struct.pack(">BHH", 0, _A, 1), server)
        try:
            answer = sock.recv(512)
        except TimeoutError:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution") from None
    (code, _, count) = struct.unpack_from(">HHH", answer, 2)
    if code & 0xF or not count:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    _, _, at = _question(answer)
    return [socket.inet_ntoa(answer[at + 16 * n + 12 : at + 16 * n + 16]) for n in range(count)]
