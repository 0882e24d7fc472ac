"""What the workers of this folder run: hashes over and over, which holds a processor, and its loop, for a while."""

from __future__ import annotations

import hashlib

from peerbus.actors import Channel, Message, Reactor, Request, handles


class Stretch(Message, Request[str]):
    """Stretch a password, by that many rounds."""

    password: str
    rounds: int = 100_000


class Hashes(Reactor):
    """In a container that shares a Unix socket with its node."""

    channel = Channel("hashes", messages=(Stretch,), idempotent=(Stretch,), timeout=30)

    @handles(Stretch)
    def stretch(self, message: Stretch) -> str:
        """The key."""
        return hashlib.pbkdf2_hmac("sha256", message.password.encode(), b"salt", message.rounds).hex()


class FarHashes(Hashes):
    """On another machine."""

    channel = Channel("far-hashes", messages=(Stretch,), idempotent=(Stretch,), timeout=30)
