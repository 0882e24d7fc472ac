"""What a program gives as reactors and channels by mistake gets an answer that says what would be right."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import pykka
import pytest

from peerbus.actors import (
    LOCAL,
    Actor,
    Bus,
    Channel,
    DeadLetter,
    MessageTypeError,
    PeerbusError,
    Reactor,
    Role,
    handles,
)
from peerbus.node import Node


@dataclass(frozen=True)
class Job:
    number: int


class Worker(Reactor):
    channel = Channel("worker", messages=(Job,))

    @handles(Job)
    def work(self, job: Job) -> int:
        return job.number


class Needs(Worker):
    """Cannot be made without arguments."""

    channel = Worker.channel

    def __init__(self, file: str, *, size: int, more: int = 0) -> None:
        super().__init__()
        self.made = (file, size, more)


class OfPykka(pykka.ThreadingActor):
    """As a ported program may still have one."""


async def make() -> Worker:
    return Worker()


MISTAKES: list[tuple[Any, str]] = [
    (lambda: [Worker()], r"an instance of Worker: pass the class, Worker, not Worker\(…\)"),
    (lambda: [Worker()], r"functools\.partial\(Worker, …\)"),
    (
        lambda: [Needs],
        r"Needs, which cannot be made without arguments .*: pass functools\.partial\(Needs, file=…, size=…\)",
    ),
    (lambda: [functools.partial(Needs, "f")], r"pass functools\.partial\(.*, size=…\)"),
    (lambda: [lambda file: Needs(file, size=1)], r"cannot be made without arguments"),
    (lambda: Worker, r"reactors is a list, as in reactors=\[Blocks\], not Worker"),
    (Worker, "reactors is a list"),
    (lambda: "worker:Worker", "reactors is a list, .* not 'worker:Worker'"),
    (lambda: None, "reactors is a list, .* not None"),
    (lambda: ["worker"], "reactors has 'worker'; pass a class"),
    (lambda: [Worker.channel], "pass a class"),
    (lambda: [dict], "the class dict, which is no actor of ours"),
    (lambda: [OfPykka], "OfPykka, which is no actor of ours: derive it from .*, not from pykka.ThreadingActor"),
    (lambda: [make], "the async function make"),
]


@pytest.mark.parametrize(("given", "says"), MISTAKES)
@pytest.mark.parametrize("of", [Bus, functools.partial(Node, "alice")], ids=["bus", "node"])
def test_what_is_no_list_of_classes_or_factories_is_refused_where_it_is_given(of: Any, given: Any, says: str) -> None:
    with pytest.raises(TypeError, match=says):
        of(reactors=given())


async def test_what_is_one_is_taken() -> None:
    made = functools.partial(Needs, "f", size=1)
    for reactors in ([Worker], (made,), {Worker: None}, iter([lambda: Needs("f", size=1)]), [lambda *_: Worker()]):
        async with Bus(reactors=reactors) as bus:
            assert bus.cell("worker") is not None


async def test_an_instance_is_not_spawned_and_neither_is_what_runs() -> None:
    class Parent(Actor):
        @handles(str)
        def spawn_it(self, _: str) -> None:
            self.spawn(Worker())  # type: ignore[arg-type]  # that is what is tested

    async with Bus() as bus:
        with pytest.raises(TypeError, match="pass the class, Worker"):
            bus.spawn(Worker())  # type: ignore[arg-type]  # as above
        ref = bus.spawn(Worker)
        with pytest.raises(TypeError, match="runs already; pass its class, Worker"):
            bus.spawn(ref)  # type: ignore[arg-type]  # as above
        with pytest.raises(Exception, match="pass the class, Worker"):
            await bus.ask(bus.spawn(Parent), "x")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ([Worker], r"write Worker\.channel"),
        (Worker.channel, r"channels is a list, as in channels=\[Blocks\.channel\]"),
        (["worker"], r"write Channel\(…\) objects"),
        (None, "channels is a list"),
    ],
)
def test_what_is_no_list_of_channels_is_refused(given: Any, says: str) -> None:
    with pytest.raises(TypeError, match=says):
        Node("alice", channels=given)
    assert Node("alice", channels=[Worker.channel, Worker.channel]).bus.channels == {"worker": Worker.channel}


async def test_what_makes_no_actor_at_all_is_not_spawned() -> None:
    async with Bus() as bus:
        for what in ("worker", None, 5):
            with pytest.raises(TypeError, match="makes no actor; pass a class"):
                bus.spawn(what)  # type: ignore[arg-type]  # that is what is tested


async def test_ordinary_slips_of_a_send_say_what_to_write() -> None:
    async with Bus(reactors=[Worker]) as bus:
        slips: list[tuple[Any, Any, dict[str, Any], str]] = [
            ("bus://local/worker", Job(1), {}, r"write parse_address\('bus://local/worker'\)"),
            (Worker.channel, Job(1), {}, "write LOCAL / 'worker'"),
            (Role("x", "all") / Worker, Job(1), {"quorum": 2.5}, r"Share\(0.67\)"),
            (Role("x", "all") / Worker, Job(1), {"quorum": True}, "quorum is True"),
            (Role("x") / Worker, Job(1), {"hedge": "1"}, "hedge is '1'; write seconds"),
        ]
        for to, message, how, says in slips:
            with pytest.raises(TypeError, match=says):
                await bus.ask(to, message, **how)
        with pytest.raises(MessageTypeError, match=r"does not take the class Job, only objects of it, Job\(…\)"):
            await bus.ask(LOCAL / Worker, Job)  # type: ignore[arg-type]  # that is what is tested
        for types in ((), (DeadLetter("m", "r", "t", "s"),), ("DeadLetter",)):
            with pytest.raises(TypeError, match=r"as in subscribe\(DeadLetter\)"):
                bus.subscribe(*types)
        with pytest.raises(PeerbusError, match="entered by `async with`"):
            bus.stop()
    with pytest.raises(PeerbusError, match="does not run"):
        await Bus().wait_stopped()


def test_an_async_function_with_arguments_is_refused_as_one_without() -> None:
    async def make(_: int) -> None:
        """No factory."""

    with pytest.raises(TypeError, match="reactors has the async function"):
        Bus(reactors=[functools.partial(make, 1)])  # type: ignore[list-item]  # on purpose
