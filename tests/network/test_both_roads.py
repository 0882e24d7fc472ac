"""The same sends and answers on one node and between two: what is accepted here arrives there, the rest is refused."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from clusters import Cluster, assert_ledgers
from virtual_time import in_virtual_time, outcome_of

from peerbus.actors import (
    LOCAL,
    Address,
    Channel,
    Local,
    Message,
    MessageTooLarge,
    MessageTypeError,
    Peer,
    Reactor,
    Request,
    Role,
    handles,
)
from peerbus.node import Node


@dataclass(frozen=True)
class Done:
    """An answer that no channel declares."""

    number: int


@dataclass(frozen=True)
class Better(Done):
    title: str = ""


@dataclass(frozen=True)
class Bundle:
    of: tuple[Done, ...]
    when: datetime | None = None


class Note(msgspec.Struct, frozen=True, tag=True):
    text: str


class Blank(msgspec.Struct, frozen=True, tag=True):
    pass


@dataclass(frozen=True)
class GetDone(Request[Done]):
    answer: str


@dataclass(frozen=True)
class GetAll(Request[list[Done]]):
    answer: str


class Made(Message):
    """As Done."""

    number: int


class Bound(Made):
    title: str = ""


class GetMade(Message, Request[Made]):
    answer: str


class Work(Message):
    """As Job."""

    name: str
    first: Made | None = None
    rest: list[Made] | None = None
    extra: Any = None


@dataclass(frozen=True)
class Find:
    answer: str


@dataclass(frozen=True)
class Job:
    name: str
    first: Done | None = None
    rest: list[Done] | None = None
    extra: Any = None


NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
ANSWERS: dict[str, object] = {
    "done": Done(1),
    "better": Better(1, "a"),
    "all": [Done(1), Done(2)],
    "mixed": [Done(1), Better(2)],
    "bundle": Bundle((Done(1),), NOW),
    "wrong": Done("1"),  # type: ignore[arg-type]  # the mistake
    "now": NOW,
    "pair": (1, "a"),
    "list": [1, "a"],
    "table": {1: {"a": [None, True, 1.5, b"x"]}},
    "set": {1, 2},
    "id": UUID(int=7),
    "note": Note("a"),
    "job": Job("a", Done(1)),
    "made": Made(1),
    "bound": Bound(1, "a"),
    "all made": [Made(1), Made(2)],
    "work": Work("a", Made(1)),
    "nothing": None,
    "seven": 7,
    "large": b"x" * 5000,
    "open": asyncio.Event,
}


class Store(Reactor):
    channel = Channel("store", messages=(GetDone, GetAll, Find, Job, GetMade, Work), max_message=4000)

    @handles(Job, Work)
    def take(self, job: Job | Work) -> Job | Work:
        return job

    @handles(GetDone, GetAll, GetMade, Find)
    def find(self, wanted: GetDone | GetAll | GetMade | Find) -> Any:
        return ANSWERS[wanted.answer]


ARRIVE: list[tuple[Any, Any]] = [
    (GetDone("done"), None),
    (GetAll("all"), None),
    (Find("done"), Done),
    (Find("all"), list[Done]),
    (Find("bundle"), Bundle),
    (Find("now"), datetime),
    (Find("pair"), tuple[int, str]),
    (Find("set"), set[int]),
    (Find("id"), UUID),
    (Find("note"), Note | Blank),
    (Find("nothing"), int | None),
    (Find("seven"), int | None),
    (Find("list"), None),
    (Find("table"), None),
    (Find("table"), Any),
    (Find("job"), None),
    (Find("job"), Job | Done),
    (Find("better"), Better),
    (Job("a", Done(1), [Done(2)], {"b": [1, None]}), None),
    (GetMade("made"), None),
    (Find("all made"), list[Made]),
    (Find("work"), None),
    (Find("work"), Work | Made),
    (Find("bound"), Bound),
    (Work("a", Made(1), [Made(2)], {"b": [1, None]}), None),
]
REFUSED: list[tuple[Any, Any]] = [
    (GetDone("better"), None),
    (GetDone("nothing"), None),
    (GetAll("mixed"), None),
    (GetAll("done"), None),
    (Find("done"), None),
    (Find("pair"), None),
    (Find("now"), object),
    (Find("better"), Done),
    (Find("mixed"), list[Done]),
    (Find("wrong"), Done),
    (Find("list"), tuple[int, str]),
    (Find("pair"), list[int]),
    (Find("pair"), list[int | str]),
    (Find("set"), list[int]),
    (Find("id"), str),
    (Find("seven"), str),
    (Find("open"), None),
    (Find("large"), None),
    (Job(5), None),  # type: ignore[arg-type]  # the mistakes
    (Job("a", Better(1)), None),
    (Job("a", None, (Done(1),)), None),  # type: ignore[arg-type]
    (Job("a", None, [Done(1), Better(2)]), None),
    (Job("a", extra=Done(1)), None),
    (Job("a", extra=[NOW]), None),
    (Job("\ud800"), None),
    (GetMade("bound"), None),
    (GetMade("done"), None),
    (Find("bound"), Made),
    (Work(5), None),  # type: ignore[arg-type]  # the mistakes
    (Work("a", Bound(1)), None),
    (Work("a", None, (Made(1),)), None),  # type: ignore[arg-type]
    (Work("a", extra=Made(1)), None),
]


def roads(asker: Node, other: Node) -> list[Address[Any]]:
    """To the same reactor: here, at a peer, and by a role."""
    assert isinstance(LOCAL, Local)
    return [LOCAL / Store, Peer(other.node_id) / Store, Role("far") / Store]


def two(cluster: Cluster) -> tuple[Node, Node]:
    """Each runs the reactor."""
    alice = cluster.node("alice", peers=("bob",), reactors=[Store])
    return alice, cluster.node("bob", reactors=[Store], offers={"far"})


@in_virtual_time
async def test_what_arrives_arrives_equal_and_of_equal_types_on_each_road() -> None:
    cluster = Cluster()
    alice, bob = two(cluster)
    async with cluster.running(alice, bob):
        for message, reply in ARRIVE:
            expected = ANSWERS[message.answer] if hasattr(message, "answer") else message
            for to in roads(alice, bob):
                found = await alice.ask(to, message, reply=reply)
                assert found == expected, (message, to)
                assert type(found) is type(expected), (message, to)
        assert_ledgers(alice, bob)


@in_virtual_time
async def test_what_would_arrive_changed_is_refused_on_each_road() -> None:
    cluster = Cluster()
    alice, bob = two(cluster)
    async with cluster.running(alice, bob):
        for message, reply in REFUSED:
            for to in roads(alice, bob):
                error = await outcome_of(alice.ask(to, message, reply=reply))
                expected = MessageTooLarge if message == Find("large") else MessageTypeError
                assert type(error) is expected, (message, to, error)
        assert await alice.ask(Peer(bob.node_id) / Store, GetDone("done")) == Done(1)
        assert_ledgers(alice, bob)


@in_virtual_time
async def test_a_reply_that_no_peer_could_send_is_refused_before_the_work_is_done() -> None:
    cluster = Cluster()
    alice, bob = two(cluster)
    async with cluster.running(alice, bob):
        error = await outcome_of(alice.ask(Peer(bob.node_id) / Store, Find("open"), reply=asyncio.Event))
        assert type(error) is MessageTypeError
        assert "Event has no encoding" in str(error)
        assert error.never_sent
