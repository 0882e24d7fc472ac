"""What a client and replicas say to each other."""

from __future__ import annotations

from peerbus.actors import Message, Request

MAX_KEY, MAX_VALUE = 200, 65_536


class Version(Message, order=True):
    """Of two versions the greater one is newer. `writer` decides between two that wrote at once."""

    number: int
    writer: str


class Entry(Message):
    """A value, and which version of it. A value of None: it was deleted, and that is remembered."""

    key: str
    value: str | None
    version: Version

    def __post_init__(self) -> None:
        if not 1 <= len(self.key) <= MAX_KEY:
            raise ValueError(f"a key has 1 to {MAX_KEY} characters, not {len(self.key)}")
        if self.value is not None and len(self.value) > MAX_VALUE:
            raise ValueError(f"a value has at most {MAX_VALUE} characters, not {len(self.value)}")


class Read(Message, Request[Entry | None]):
    """Answered with what the replica has; None where it has nothing."""

    key: str


class Write(Message, Request[Version]):
    """Keep it, unless you have a newer one. Answered with the version that the replica has then."""

    entry: Entry
