"""Unit tests of a reactor: no socket, no sleep, no event loop in sight. `pytest examples/unit_test_a_reactor.py`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from peerbus.actors import LOCAL, Bus, Channel, MessageTypeError, Reactor, RemoteError, handles


@dataclass(frozen=True)
class Deposit:
    amount: int


@dataclass(frozen=True)
class GetBalance:
    pass


class Account(Reactor):
    """The reactor under test."""

    channel = Channel("account", messages=(Deposit, GetBalance))

    def __init__(self) -> None:
        super().__init__()
        self.balance = 0

    @handles(Deposit)
    def deposit(self, deposit: Deposit) -> int:
        if deposit.amount <= 0:
            raise RemoteError("not_positive", f"{deposit.amount}")
        self.balance += deposit.amount
        return self.balance

    @handles(GetBalance)
    def get_balance(self, _request: GetBalance) -> int:
        return self.balance


@pytest.fixture
def bus() -> Iterator[Bus]:
    """A bus with the reactor, in a thread of its own: in a test, `.get()` takes the place of `await`."""
    bus = Bus(reactors=[Account]).start()
    yield bus
    bus.stop()


def test_a_deposit_is_answered_with_the_balance(bus: Bus) -> None:
    assert bus.ask(LOCAL / Account, Deposit(5)).get() == 5


def test_messages_of_one_sender_are_handled_in_their_order(bus: Bus) -> None:
    for amount in (1, 2, 3):
        bus.tell(LOCAL / Account, Deposit(amount)).get()
    assert bus.ask(LOCAL / Account, GetBalance()).get() == 6


def test_a_deposit_of_nothing_is_refused_and_changes_nothing(bus: Bus) -> None:
    with pytest.raises(RemoteError, match="not_positive: 0"):
        bus.ask(LOCAL / Account, Deposit(0)).get()
    assert bus.ask(LOCAL / Account, GetBalance()).get() == 0


def test_a_message_that_the_channel_does_not_declare_reaches_nobody(bus: Bus) -> None:
    with pytest.raises(MessageTypeError):
        bus.tell(LOCAL / "account", "all your money").get()


if __name__ == "__main__":
    sys.exit(pytest.main([__file__, "-q"]))
