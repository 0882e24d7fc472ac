"""The bounded queue in front of an actor, what lies in it, and the ledger of what became of it."""

from __future__ import annotations

from .dead_letters import DeadLetters
from .envelope import NEVER, AnsweringCell, Carrier, Envelope, ReplyTo, Weighed
from .fair_queue import KEPT_LANES
from .ledger import NO_CHANNEL, Account, Books, ItemCounts, Ledger, Side, Sum, Tally
from .mailbox import Mailbox
from .mailbox_account import MailboxStatistics
from .movable_reply import MovableReply
from .traced_envelope import Handling, MessageTrace, TracedEnvelope, as_traced
from .waiting_senders import COUNTED, Waiter, WaitingSenders, gone

__all__ = [
    "Account",
    "AnsweringCell",
    "Books",
    "COUNTED",
    "Carrier",
    "DeadLetters",
    "Envelope",
    "Handling",
    "ItemCounts",
    "KEPT_LANES",
    "Ledger",
    "Mailbox",
    "MailboxStatistics",
    "MovableReply",
    "NEVER",
    "NO_CHANNEL",
    "ReplyTo",
    "Side",
    "Sum",
    "Tally",
    "MessageTrace",
    "TracedEnvelope",
    "Weighed",
    "Waiter",
    "WaitingSenders",
    "as_traced",
    "gone",
]
