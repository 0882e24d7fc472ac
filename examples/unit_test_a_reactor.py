"""Unit tests of a reactor: no socket, no sleep, no neighbour that runs.

`python examples/unit_test_a_reactor.py`, where pytest and pytest-asyncio are (after `make test`: `.venv/bin/python`).
"""

from __future__ import annotations

import subprocess
import sys

import pytest

from peerbus.actors import LOCAL, Channel, Message, MessageTypeError, Reactor, RemoteError, handles
from peerbus.testing import Asked, Probes, Told


class Deposit(Message):
    amount: int


class Check(Message):
    amount: int


class Account(Reactor):
    """The reactor under test: it asks an auditor about large deposits, and tells a journal of each."""

    channel = Channel("account", messages=(Deposit,))

    def __init__(self) -> None:
        super().__init__()
        self.balance = 0

    @handles(Deposit)
    async def deposit(self, deposit: Deposit) -> int:
        if deposit.amount <= 0:
            raise RemoteError("not_positive", f"{deposit.amount}")
        if deposit.amount >= 1000:
            await self.ask(LOCAL / "auditor", Check(deposit.amount))
        self.balance += deposit.amount
        await self.tell(LOCAL / "journal", deposit)
        return self.balance


async def test_a_deposit_is_answered_with_the_balance_and_told_to_the_journal(probe: Probes) -> None:
    account = await probe.alone(Account)
    assert await account.ask(Deposit(5)) == 5
    assert account.sent == [Told(LOCAL / "journal", Deposit(5))]


async def test_a_deposit_of_nothing_is_refused_and_changes_nothing(probe: Probes) -> None:
    account = await probe.alone(Account)
    with pytest.raises(RemoteError, match="not_positive: 0"):
        await account.ask(Deposit(0))
    assert (account.actor.balance, account.sent) == (0, [])


async def test_a_large_deposit_waits_for_the_auditor(probe: Probes) -> None:
    account = await probe.alone(Account)
    asked = account.ask(Deposit(5000))
    await account.settle()
    assert (account.actor.balance, account.open_asks) == (0, [Asked(LOCAL / "auditor", Check(5000))])
    await account.reply("approved")
    assert await asked == 5000


async def test_on_a_bus_probes_stand_in_for_the_neighbours(probe: Probes) -> None:
    auditor, journal = await probe("auditor"), await probe("journal")
    auditor.bus.spawn(Account).tell(Deposit(1000))
    assert await auditor.expect(Check) == Check(1000)
    await journal.expect_nothing()
    auditor.reply("approved")
    assert await journal.expect(Deposit) == Deposit(1000)
    with pytest.raises(MessageTypeError):
        await auditor.tell(LOCAL / "account", "all your money")


if __name__ == "__main__":
    sys.exit(subprocess.call([sys.executable, "-P", "-m", "pytest", "-q", __file__]))
