"""Whatever a handler raises, who asked is answered: on one node, by a group, and by a connection."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from clusters import Cluster
from virtual_time import in_real_time, outcome_of

from peerbus.actors import LOCAL, Channel, Peer, Reactor, RemoteError, Role, handles


class Bare(RemoteError):
    """Its constructor asks for something else, and calls no other."""

    def __init__(self, key: str) -> None:
        self.key = key


class Numbered(RemoteError):
    """Its code is a number, as of HTTP, and its text is None."""

    def __init__(self) -> None:
        super().__init__(404, None)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Frozen(RemoteError):
    code: str
    text: str = ""


class Mute(RemoteError):
    """Nothing of it can be read."""

    def __init__(self) -> None:
        pass

    @property
    def code(self) -> str:  # type: ignore[override]
        raise LookupError("code")

    def __str__(self) -> str:
        raise LookupError("str")

    __repr__ = __str__


class Ended(RemoteError, StopIteration):
    """What no future takes."""


#: What is raised, and the code and text that arrive.
RAISED: dict[str, tuple[Callable[[], Exception], str, str]] = {
    "bare": (lambda: Bare("key"), "Bare", "key"),
    "numbered": (Numbered, "404", ""),
    "frozen": (lambda: Frozen("not_found", "gone"), "not_found", "gone"),
    "mute": (Mute, "Mute", "Mute(no text: its repr fails)"),
    "ended": (lambda: Ended("over"), "Ended", "over"),
}


#: Names of the reactors that were started.
STARTED: list[str] = []


def refusal(name: str) -> Exception:
    make, _code, _text = RAISED[name]
    return make()


@dataclass(frozen=True)
class Get:
    name: str


class Refuses(Reactor):
    channel = Channel("refuses", messages=(Get,))

    def on_start(self) -> None:
        STARTED.append(self.channel.name)

    @handles(Get)
    def get(self, wanted: Get) -> int:
        raise refusal(wanted.name)


class Threaded(Reactor):
    channel = Channel("threaded", messages=(Get,))
    dispatcher = "thread"

    def on_start(self) -> None:
        STARTED.append(self.channel.name)

    @handles(Get)
    def get(self, wanted: Get) -> int:
        raise refusal(wanted.name)


@pytest.mark.parametrize("name", sorted(RAISED))
@pytest.mark.parametrize("reactor", [Refuses, Threaded])
@in_real_time
async def test_whatever_a_handler_raises_who_asked_is_answered_on_each_road(reactor: Any, name: str) -> None:
    STARTED.clear()
    cluster = Cluster()
    alice = cluster.node("alice", peers=("bob",), reactors=[reactor], offers={"any"})
    bob = cluster.node("bob", reactors=[reactor], offers={"any"})
    async with cluster.running(alice, bob):
        here = await outcome_of(alice.ask(LOCAL / reactor, Get(name)))
        assert isinstance(here, RemoteError)
        there = await outcome_of(alice.ask(Peer(bob.node_id) / reactor, Get(name)))
        assert type(there) is RemoteError
        assert (there.code, there.text) == RAISED[name][1:]
        both = await alice.ask(Role("any", "all") / reactor, Get(name))
        assert {type(error) for error in both.errors.values()} == {type(here), RemoteError}
        assert [reactor.channel.name] * 2 == STARTED
