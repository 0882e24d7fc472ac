"""What a lane says of itself."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...actors.mailbox import Account

__all__ = ["LaneStatistics"]


@dataclass(frozen=True, slots=True)
class LaneStatistics:
    """One peer's reactor as this side sees it. `sent == delivered + failed + waiting + queued + unconfirmed`."""

    reactor: str
    credit_messages: int
    credit_bytes: int
    waiting: int
    queued: int
    unconfirmed: int
    sent: int
    delivered: int
    failed: dict[str, int]
    #: Asks that were delivered and got no answer, by reason.
    undone: dict[str, int] = field(default_factory=dict)
    #: Messages that cannot be sent to it, or asked of it, as it declares them otherwise, and why; `*` stands for all.
    unsent: dict[str, str] = field(default_factory=dict)
    #: Seconds since the oldest that is not confirmed was accepted, or began to wait; None where there is none.
    oldest: float | None = None
    #: What this node may not do there, as the peer says: `tell`, `ask`.
    not_allowed: tuple[str, ...] = ()

    @property
    def account(self) -> Account:
        """What became of what was sent here."""
        pending = self.waiting + self.queued + self.unconfirmed
        return Account(self.sent, self.delivered, pending, self.failed, undone=self.undone)
