"""What the API takes with a message that it is to send, and what it tells of one that was."""

from __future__ import annotations

import msgspec

from .exchange import Failure

__all__ = ["PATIENCE", "AskAnswer", "GroupAnswers", "SendBody", "Sent"]

#: Seconds that a send waits, where nobody says.
PATIENCE = 10.0


class SendBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """`to`: an address, `bus://role:archive/blocks`; `type`: a message of its channel; `message`: the fields.

    `wait_for_peer`: where nobody answers to the address, wait for somebody, until the `timeout` (seconds).
    """

    to: str
    type: str
    message: dict[str, object] = {}
    timeout: float = PATIENCE
    wait_for_peer: bool = False


class GroupAnswers(msgspec.Struct, frozen=True):
    """What an address of several peers came to, by node id (`local` is this one): answers, and why there is none.

    `abandoned`: whose answer was not waited for, as enough others had answered.
    """

    answers: dict[str, object]
    errors: dict[str, Failure]
    abandoned: tuple[str, ...]


class AskAnswer(msgspec.Struct, frozen=True):
    """What came back: its fields, as JSON has them; of an address of several peers, `GroupAnswers`."""

    answer: object


class Sent(msgspec.Struct, frozen=True, omit_defaults=True):
    """It was taken by a mailbox here, or has a peer's credit. Of an address of several `peers`: by these.

    `failed`: why not by others of them.
    """

    sent: bool
    peers: tuple[str, ...] = ()
    failed: dict[str, Failure] = {}
