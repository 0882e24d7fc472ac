"""What makes a libp2p connection of a TCP connection, without I/O: agree on Noise, prove who is there, agree on yamux.

The initiator knows who answers before it says who it is.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Final

from ...actors.base import HandshakeFailed
from .multistream import Offering, ProtocolRefused, Selecting
from .noise import NoiseHandshake
from .noise_identity import NoiseIdentity, proven_key
from .secure_channel import LENGTH, SecureChannel, framed

__all__ = ["NOISE", "YAMUX", "Upgrade"]

NOISE: Final = "/noise"
YAMUX: Final = "/yamux/1.0.0"
#: Bytes of a message of the handshake: a key, a signature, and what later versions add.
MAX_HANDSHAKE: Final = 4096


class _Stage(enum.Enum):
    """How far it is; its value is the reason for which it fails there."""

    SECURITY = "protocol"
    PROOF = "noise"
    MULTIPLEXER = "multiplexer"
    DONE = "done"


class Upgrade:
    """One side of an upgrade. Send what `start` and each `receive` give, until `done`.

    `judge` is called with the other side's key, 32 bytes, once that is proven; it raises what ends the upgrade.
    """

    def __init__(self, identity: NoiseIdentity, *, initiator: bool, judge: Callable[[bytes], None]) -> None:
        self._identity = identity
        self._initiator = initiator
        self._judge = judge
        self._stage = _Stage.SECURITY
        self._agreement = self._agree(NOISE)
        self._noise = NoiseHandshake(initiator=initiator, static=identity.static)
        self._have = bytearray()
        self._channel: SecureChannel | None = None
        self._key = b""

    @property
    def done(self) -> bool:
        """Whether the connection can carry streams."""
        return self._stage is _Stage.DONE

    @property
    def channel(self) -> SecureChannel:
        """What the connection is sealed by. Only after the proof."""
        assert self._channel is not None
        return self._channel

    @property
    def key(self) -> bytes:
        """The other side's Ed25519 key, as it has proven. Only after the proof."""
        return self._key

    def start(self) -> bytes:
        """What to send first. The initiator says both at once, as there is nothing else that it could agree on."""
        return self._agreement.start() + (framed(self._noise.write(b"")) if self._initiator else b"")

    def receive(self, data: bytes) -> tuple[bytes, bytes]:
        """Bytes came: what to send for them, and what of yamux came behind the upgrade.

        Raises HandshakeFailed where the other side does not do as it should, and what `judge` raises. The reason is
        `noise` where it does not prove who it is, and `protocol` or `multiplexer` where nothing could be agreed on.
        """
        try:
            return self._receive(data)
        except ValueError as error:
            raise HandshakeFailed(self._stage.value, str(error)) from error

    def _receive(self, data: bytes) -> tuple[bytes, bytes]:
        send = behind = b""
        if self._stage is _Stage.SECURITY:
            send, data = self._secure(data)
        if self._stage is _Stage.PROOF:
            said, data = self._prove(data)
            send += said
        if self._stage is _Stage.MULTIPLEXER:
            said, behind = self._multiplex(data)
            send += said
        return send, behind

    def _secure(self, data: bytes) -> tuple[bytes, bytes]:
        """Agree on Noise: what to send, and what came behind that. The following two are alike."""
        send, agreed = self._agreed(data)
        if not agreed:
            return send, b""
        self._stage = _Stage.PROOF
        return send, self._agreement.rest()

    def _agree(self, protocol: str) -> Selecting | Offering:
        return Selecting(protocol) if self._initiator else Offering((protocol,))

    def _agreed(self, data: bytes) -> tuple[bytes, bool]:
        try:
            send = self._agreement.receive(data)
        except ProtocolRefused as error:
            raise ValueError(str(error)) from None
        return send, self._agreement.agreed is not None

    def _prove(self, data: bytes) -> tuple[bytes, bytes]:
        """Take the messages of the handshake that are whole."""
        send = b""
        self._have += data
        while not self._noise.done and (message := self._message()) is not None:
            payload = self._noise.read(message)
            if self._noise.remote:
                self._key = proven_key(payload, self._noise.remote)
                self._judge(self._key)
            if not self._noise.done:
                send += framed(self._noise.write(self._identity.payload))
        if not self._noise.done:
            return send, b""
        self._channel = SecureChannel(*self._noise.split())
        self._agreement = self._agree(YAMUX)
        self._stage = _Stage.MULTIPLEXER
        rest, self._have = bytes(self._have), bytearray()
        return send + self._channel.seal(self._agreement.start()), rest

    def _message(self) -> bytes | None:
        have = self._have
        if len(have) < LENGTH:
            return None
        end = LENGTH + (have[0] << 8 | have[1])
        if end > LENGTH + MAX_HANDSHAKE:
            raise ValueError(f"a message of the handshake has {end - LENGTH} bytes, more than {MAX_HANDSHAKE}")
        if len(have) < end:
            return None
        message = bytes(have[LENGTH:end])
        del have[:end]
        return message

    def _multiplex(self, data: bytes) -> tuple[bytes, bytes]:
        """Agree on yamux."""
        send = behind = b""
        for plain in self.channel.open(data):
            if self.done:
                behind += plain
                continue
            answer, agreed = self._agreed(plain)
            if answer:
                send += self.channel.seal(answer)
            if agreed:
                self._stage = _Stage.DONE
                behind = self._agreement.rest()
        return send, behind
