"""A client: quorum reads and writes, by which every read sees the last write, whichever minority of replicas is gone.

The algorithm is the register of Attiya, Bar-Noy and Dolev, "Sharing memory robustly in message-passing systems",
JACM 1995, with several writers (Lynch and Shvartsman, 1997). Any two majorities have a replica in common: that is
all of it.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from peerbus.actors import (
    LOCAL,
    Address,
    Channel,
    Message,
    Peer,
    QuorumFailed,
    Reactor,
    RemoteError,
    Request,
    Role,
    SendError,
    handles,
)

from .messages import Entry, Read, Version, Write
from .replica import REPLICA, Replica

REPLICAS = Role(REPLICA, "all") / Replica


class Get(Message, Request[str | None]):
    """To a cache: the value of a key."""

    key: str


class Put(Message, Request[Version]):
    """To a cache: keep a value; None deletes it. Answered with its version, once a majority has it."""

    key: str
    value: str | None


class Repaired(Message):
    """A fact on the client's bus: these replicas had an older answer, or none, and were told the newest."""

    entry: Entry
    replicas: tuple[str, ...]


@dataclass(frozen=True)
class Judged:
    """What a majority said: the newest of it, and who had something older."""

    newest: Entry | None
    stale: tuple[str, ...]


def judge(answers: Mapping[str, Entry | None]) -> Judged:
    """Which answer counts."""
    found = [entry for entry in answers.values() if entry is not None]
    if not found:
        return Judged(None, ())
    newest = max(found, key=lambda entry: entry.version)
    return Judged(newest, tuple(peer for peer, entry in answers.items() if entry != newest))


class Cache(Reactor):
    """Of the node that asks; no peer can send to it. `replicas`: how many there are in all, also those that are away.

    The majority is one of all that there are, not of those that are seen: else both sides of a partition had one.
    """

    channel = Channel("cache", messages=(Get, Put), local=True, timeout=10)

    def __init__(self, replicas: int = 3, patience: float = 2.0) -> None:
        super().__init__()
        self.bus.declare(Replica.channel)
        self._majority = replicas // 2 + 1
        self._patience = patience

    @handles(Get, reentrant=True)
    async def get(self, get: Get) -> str | None:
        judged = await self._read(get.key)
        if judged.newest is None:
            return None
        if judged.stale:  # what is answered here no later read may miss, so these have it before it is answered
            await self._repair(judged.newest, judged.stale)
        return judged.newest.value

    @handles(Put, reentrant=True)
    async def put(self, put: Put) -> Version:
        newest = (await self._read(put.key)).newest
        number = 1 if newest is None else newest.version.number + 1
        entry = Entry(put.key, put.value, Version(number, self.bus.node_id))
        await self._write(entry)
        return entry.version

    async def _read(self, key: str) -> Judged:
        with self._majority_needed():
            results = await self.ask(
                REPLICAS, Read(key), quorum=self._majority, wait_for_peer=True, timeout=self._patience
            )
        return judge(results.answers)

    async def _write(self, entry: Entry) -> None:
        with self._majority_needed():
            results = await self.ask(
                REPLICAS, Write(entry), quorum=self._majority, wait_for_peer=True, timeout=self._patience
            )
        for peer in results.abandoned:  # a majority has it, which is enough; the others get it without being waited for
            self.tell(_at(peer), Write(entry))

    async def _repair(self, newest: Entry, stale: tuple[str, ...]) -> None:
        try:
            for peer in stale:
                await self.ask(_at(peer), Write(newest), timeout=self._patience)
        except SendError:  # it is gone again; somebody else may stand in for it
            await self._write(newest)
        self.bus.publish(Repaired(newest, stale))

    @contextmanager
    def _majority_needed(self) -> Generator[None]:
        """Raises RemoteError where too few have answered, or were there, within the patience."""
        try:
            yield
        except (QuorumFailed, SendError) as error:
            raise RemoteError("no_majority", f"{self._majority} replicas have to answer: {error}") from error


def _at(peer: str) -> Address[Read | Write]:
    return (LOCAL if peer == "local" else Peer(peer)) / Replica
