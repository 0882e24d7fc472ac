"""Where on a NATS server the nodes of a network speak: subjects that name the network only by its hash."""

# Law 1. All subjects of a network have one prefix, so a server's account can allow a node that, and nothing else.
# Law 2. What others name is only answered where it is a subject of a node of this network: a broker, or a stranger at
#        it, makes no node publish to another program's subjects.

from __future__ import annotations

import hashlib
import random
import re
from typing import Final

__all__ = ["Subjects", "is_token", "new_token", "session_number", "token_of"]

_SYSTEM: Final = random.SystemRandom()
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")


def new_token(rng: random.Random = _SYSTEM) -> str:
    """A name that nobody guesses, or has already: 128 bits, of the system's randomness where no other is given."""
    return f"{rng.getrandbits(128):032x}"


def is_token(text: str) -> bool:
    """Whether it can stand in a subject, as one of its parts."""
    return _TOKEN.fullmatch(text) is not None


class Subjects:
    """The subjects of one network."""

    def __init__(self, network: str) -> None:
        digest = hashlib.sha256(b"peerbus network\0" + network.encode()).hexdigest()
        #: What all of them begin with.
        self.prefix = f"peerbus.{digest[:32]}"
        #: Where nodes say that they are there.
        self.presence = f"{self.prefix}.here".encode()
        self._sessions = re.compile(rf"{re.escape(self.prefix)}\.node\.{_TOKEN.pattern}\.[0-9]{{1,12}}".encode())

    def inbox(self, token: str) -> bytes:
        """Where a node is dialed."""
        return f"{self.prefix}.inbox.{token}".encode()

    def sessions(self, token: str) -> bytes:
        """Where all streams of one connection to a server are heard."""
        return f"{self.prefix}.node.{token}.*".encode()

    def session(self, token: str, number: int) -> bytes:
        """Where one end of a stream is heard."""
        return f"{self.prefix}.node.{token}.{number}".encode()

    def is_session(self, subject: bytes) -> bool:
        """Whether it is one of those, of any node: see law 2."""
        return self._sessions.fullmatch(subject) is not None

    def __repr__(self) -> str:
        return f"<Subjects {self.prefix}>"


def session_number(subject: bytes) -> int:
    """The number at the end of a subject that `is_session`."""
    return int(subject.rpartition(b".")[2])


def token_of(subject: bytes) -> str:
    """The node's token in a subject that `is_session`."""
    return subject.split(b".")[-2].decode("ascii")
