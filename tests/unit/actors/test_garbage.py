"""Nothing of a send that was refused is left to the garbage collector."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from garbage import garbage_of, in_a_thread, turns
from garbage_actors import (
    ERRORS,
    STOPPED,
    Echo,
    LetsWait,
    OnThread,
    Refuses,
    Sleep,
    Work,
    Worker,
    called,
    caught,
    fill,
    got,
)

from peerbus.actors import (
    EVERYONE,
    LOCAL,
    ActorStarted,
    Bus,
    DeadLetter,
    Peer,
    Ref,
    Role,
)

NOBODY = "b" * 64


@dataclass(frozen=True)
class Undeclared:
    """In no channel."""


REFUSED: dict[str, Callable[[Bus], tuple[Any, object]]] = {
    "nobody has the name": lambda _: (LOCAL / "nobody", Work()),
    "nobody offers the role": lambda _: (Role("archive") / "worker", Work()),
    "no such peer": lambda _: (Peer(NOBODY) / "worker", Work()),
    "no peers at all": lambda _: (EVERYONE / "worker", Work()),
    "a type that is not declared": lambda _: (LOCAL / "worker", Undeclared()),
    "a mailbox that refuses": lambda _: (LOCAL / "refuses", Sleep()),
    "a mailbox without room": lambda _: (LOCAL / "waits", Sleep()),
    "an actor that has stopped": lambda bus: (stopped_ref(bus), Work()),
}


def stopped_ref(bus: Bus) -> Ref[Any]:
    """The ref of the actor that has stopped; of each bus the same."""
    ref = STOPPED.get(bus)
    assert ref is not None
    return ref


@pytest.fixture(autouse=True)
def _nothing_is_logged() -> Iterator[None]:
    """As pytest keeps each line, with the error in it, and that its frames."""
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
async def bus() -> Any:
    async with Bus(reactors=[Worker, OnThread, Refuses, LetsWait], shutdown_timeout=0.1) as bus:
        STOPPED[bus] = bus.spawn(Echo)
        await STOPPED[bus].stop(block=False)
        await fill(bus)
        yield bus


@pytest.mark.parametrize("timeout", [0.02, 0.0])
@pytest.mark.parametrize("verb", ["tell", "ask"])
@pytest.mark.parametrize("why", REFUSED)
async def test_a_refused_send_leaves_nothing(bus: Bus, verb: str, why: str, timeout: float) -> None:
    async def scenario() -> None:
        to, message = REFUSED[why](bus)
        await caught(lambda: getattr(bus, verb)(to, message, timeout=timeout))
        getattr(bus, verb)(to, message, timeout=timeout)  # nobody looks at it

    assert await garbage_of(scenario) == {}


@pytest.mark.lazy_tasks("asyncio's own gather leaves a cycle where its tasks are done at once")
@pytest.mark.parametrize("why", REFUSED)
async def test_a_tell_whose_outcome_stands_in_a_variable_leaves_nothing(bus: Bus, why: str) -> None:
    async def scenario() -> None:
        to, message = REFUSED[why](bus)
        outcome = bus.tell(to, message, timeout=0.02)
        for _ in range(2):
            with contextlib.suppress(*ERRORS):
                await outcome
        await asyncio.gather(*(bus.tell(to, message, timeout=0.02) for _ in range(3)), return_exceptions=True)

    assert await garbage_of(scenario) == {}


@pytest.mark.parametrize("verb", ["tell", "ask"])
@pytest.mark.parametrize("why", REFUSED)
async def test_an_error_that_nobody_has_raised_keeps_no_frames(bus: Bus, verb: str, why: str) -> None:
    async with bus.subscribe(DeadLetter) as letters:
        to, message = REFUSED[why](bus)
        getattr(bus, verb)(to, message, timeout=0.02)
        await turns()
        while (letter := letters.get_nowait()) is not None:
            assert letter.error is not None
            assert letter.error.__traceback__ is None


@pytest.mark.parametrize("verb", ["tell", "ask"])
async def test_a_message_that_was_refused_is_kept_by_nobody(bus: Bus, verb: str) -> None:
    # As on a node, where its own actors listen to facts, and in one turn of the loop.
    async with bus.subscribe(ActorStarted):
        kept = []
        for _ in range(100):
            message = Work()
            kept.append(weakref.ref(message))
            with contextlib.suppress(*ERRORS):
                await getattr(bus, verb)(LOCAL / "nobody", message)
            del message
        assert [each for each in kept if each() is not None] == []


@pytest.mark.parametrize("verb", ["tell", "ask"])
@pytest.mark.parametrize("why", REFUSED)
async def test_a_send_of_a_thread_that_is_refused_leaves_nothing(bus: Bus, verb: str, why: str) -> None:
    async def scenario() -> None:
        to, message = REFUSED[why](bus)

        def plain() -> None:
            got(lambda: getattr(bus, verb)(to, message, timeout=0.02))
            if isinstance(to, Ref):
                called(lambda: getattr(to, verb)(message, timeout=0.02))

        await in_a_thread(plain)

    assert await garbage_of(scenario) == {}
