"""Accounts that add up, and books that outlive those who kept them."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from peerbus.actors import LOCAL, Account, Bus, Channel, NoRoute, NoSuchReactor, Peer, Reactor, SendError, handles
from peerbus.actors.mailbox.ledger import NO_CHANNEL, Books, Side


class Kept:
    """Something that counts."""

    def __init__(self, *accounts: tuple[Side, str, Account]) -> None:
        self.now = accounts

    def accounts(self) -> Iterable[tuple[Side, str, Account]]:
        return self.now


def test_accounts_are_added_reason_by_reason() -> None:
    one = Account(5, 2, 1, {"peer_gone": 2}, {"actor_stopped": 1}, {})
    other = Account(3, 1, 0, {"peer_gone": 1, "no_route": 1}, {}, {"cancelled": 1})
    total = one + other
    assert total == Account(8, 3, 1, {"peer_gone": 3, "no_route": 1}, {"actor_stopped": 1}, {"cancelled": 1})
    assert total.balanced
    assert not Account(2, 1).balanced


def test_what_has_ended_stays_in_the_books_once_and_what_fails_there_later_is_added() -> None:
    books = Books({"jobs"}.__contains__)
    link = Kept((Side.REMOTE, "jobs", Account(2, 1, 1)))
    books.open(link)
    assert books.ledger({}).remote == {"jobs": Account(2, 1, 1)}
    link.now = ((Side.REMOTE, "jobs", Account(2, 1, 0, {"peer_gone": 1})),)
    books.close(link)
    books.close(link)
    books.tally(Side.REMOTE, "jobs").refused("peer_gone")
    ledger = books.ledger({})
    assert ledger.remote == {"jobs": Account(3, 1, 0, {"peer_gone": 2})}
    assert ledger.balanced


def test_names_that_only_a_peer_knows_are_counted_together() -> None:
    books = Books({"jobs"}.__contains__)
    for number in range(100):
        books.tally(Side.REMOTE, f"made-up-{number}").refused("no_route")
    assert books.ledger({}).remote == {NO_CHANNEL: Account(100, failed={"no_route": 100})}


@dataclass(frozen=True)
class Job:
    number: int


class Jobs(Reactor):
    channel = Channel("jobs", messages=(Job,))

    @handles(Job)
    def take(self, job: Job) -> int:
        return job.number


async def test_a_send_is_in_the_ledger_of_its_channel_whatever_the_actor_is_called_and_when_it_has_stopped(
    turns: Callable[[], Awaitable[None]],
) -> None:
    async with Bus(reactors=[Jobs]) as bus:
        other = bus.spawn(Jobs, name="more")
        await bus.ask(LOCAL / Jobs, Job(1))
        await bus.ask(other, Job(2))
        with contextlib.suppress(NoRoute):
            await bus.tell(Peer("0" * 64) / "jobs", Job(3))
        with contextlib.suppress(NoSuchReactor):
            await bus.tell(LOCAL / "nobody", Job(4))
        other._cell.request_stop()
        await turns()
        with contextlib.suppress(SendError):
            await bus.tell(other, Job(5))
        ledger = bus.ledger()
        assert ledger.local["jobs"] == Account(3, 2, 0, {"actor_stopped": 1})
        assert ledger.astray == {
            "jobs": Account(1, failed={"no_route": 1}),
            "-": Account(1, failed={"no_such_reactor": 1}),
        }
        assert ledger.of("jobs").sent == 4
    assert bus.ledger().of("jobs") == ledger.of("jobs")
    assert bus.ledger().balanced
