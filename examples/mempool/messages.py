"""A transaction, and how it is signed."""

from __future__ import annotations

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from peerbus.actors import Message, Request

MAX_NAME = 40


class Transaction(Message):
    """`payer` pays `amount` to somebody, and `fee` to the miner that puts it into a block.

    `payer` is an Ed25519 public key. `number` counts a payer's transactions: of two with the same number one counts.
    """

    payer: bytes
    number: int
    to: str
    amount: int
    fee: int
    signature: bytes = b""

    def signed(self, key: Ed25519PrivateKey) -> Transaction:
        """The same, with the signature of its payer."""
        return msgspec.structs.replace(self, signature=key.sign(self._text()))

    def valid(self) -> bool:
        """Whether it makes sense, and its payer has signed it."""
        if not (1 <= len(self.to) <= MAX_NAME and self.to.isprintable() and self.amount > 0 <= self.fee):
            return False
        try:
            Ed25519PublicKey.from_public_bytes(self.payer).verify(self.signature, self._text())
        except (InvalidSignature, ValueError):
            return False
        return True

    def _text(self) -> bytes:
        return msgspec.msgpack.encode(("pay", self.payer, self.number, self.to, self.amount, self.fee))

    def __str__(self) -> str:
        return f"{self.payer[:3].hex()} pays {self.to} {self.amount}, fee {self.fee}"


def payment(key: Ed25519PrivateKey, number: int, to: str, amount: int, fee: int) -> Transaction:
    """A signed one."""
    return Transaction(key.public_key().public_bytes_raw(), number, to, amount, fee).signed(key)


class Best(Message, Request[list[Transaction]]):
    """To the pool of this node: the `most` transactions that pay best, for the next block."""

    most: int = 100


class Entered(Message):
    """A fact on a node's own bus: the transaction is in its pool now, with `held` in all."""

    transaction: Transaction
    held: int
