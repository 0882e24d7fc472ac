"""A small DNS server on a loopback address (RFC 1035), which answers, denies, or says nothing at all."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import struct
import threading
from collections.abc import Iterator

__all__ = ["NameServer", "ask", "name_server"]

_A, _CNAME, _SOA, _AAAA, _SRV = 1, 5, 6, 28, 33


class NameServer:
    """Answers questions for addresses from `names`, and counts them in `asked`; names in `silent` get no answer.

    `services`: by name, the port and host of each service; their addresses go with the answer where `names` has them.
    `ttl`: seconds for which what it says is good, and `nobody` that there is nothing (SOA); None does not say.
    `aliases`: by name, what it stands for and for how long; of those that stand for one that is `apart`, that is to be
    asked for. `failing`: names, with A or AAAA, of which it says that it failed.

    Thread: one (waits for: questions; feeds: whoever asks).
    """

    def __init__(self, address: str = "127.0.0.1", port: int = 0) -> None:
        self.names: dict[str, list[str]] = {}
        self.services: dict[str, list[tuple[int, str]]] = {}
        self.ttl = 0
        self.nobody: int | None = None
        self.aliases: dict[str, tuple[str, int]] = {}
        self.apart: set[str] = set()
        self.failing: set[tuple[str, str]] = set()
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
            aliases: list[bytes] = []
            said = b"\xc0\x0c"
            while name in self.aliases and not (aliases and name in self.apart):
                name, ttl = self.aliases[name]
                aliases.append(self._record(said, _CNAME, _name(name), ttl))
                said = _name(name)
            services, known = self.services.get(name, []), name in self.names or name in self.services
            known = known or name in self.aliases
            answers = aliases + [self._record(said, _SRV, _service(*each)) for each in services if kind == _SRV]
            if not (aliases and name in self.apart):
                answers += self._addresses(said, name, kind)
            more = [each for _, host in services if kind == _SRV for each in self._addresses(_name(host), host)]
            none = [self._authority()] if len(answers) == len(aliases) and self.nobody is not None else []
            # A response, recursion desired and available; 3 is "there is no such name", 2 "I have failed".
            code = 2 if (name, {_A: "A", _AAAA: "AAAA"}.get(kind)) in self.failing else 0 if known else 3
            counts = (1, len(answers), len(none), len(more))
            head = struct.pack(">2sHHHHH", question[:2], 0x8180 | code, *counts)
            self._socket.sendto(head + question[12:end] + b"".join(answers + none + more), asker)

    def _addresses(self, name: bytes, host: str, kind: int = _A) -> list[bytes]:
        """The records of one kind, A or AAAA."""
        found = [ipaddress.ip_address(one) for one in self.names.get(host, [])]
        version = {_A: 4, _AAAA: 6}.get(kind)
        return [self._record(name, kind, each.packed) for each in found if each.version == version]

    def _authority(self) -> bytes:
        """The start of authority of everything, for as long as nothing is good."""
        assert self.nobody is not None
        return self._record(b"\0", _SOA, b"\0\0" + struct.pack(">IIIII", 1, 2, 3, 4, self.nobody))

    def _record(self, name: bytes, kind: int, data: bytes, ttl: int | None = None) -> bytes:
        return name + struct.pack(">HHIH", kind, 1, self.ttl if ttl is None else ttl, len(data)) + data


def _service(port: int, host: str) -> bytes:
    return struct.pack(">HHH", 0, 0, port) + _name(host)


def _name(text: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".") if label) + b"\0"


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
