"""Nothing of an ask is left to the garbage collector, however it ends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from garbage import garbage_of, in_a_thread
from garbage_actors import (
    STOPPED,
    Echo,
    Fail,
    FailBeside,
    FailLater,
    LetsWait,
    OnThread,
    PassOn,
    Refuses,
    Scenario,
    Sleep,
    SleepBeside,
    Work,
    Worker,
    called,
    caught,
    fill,
    got,
)

from peerbus.actors import (
    LOCAL,
    Bus,
    Capability,
    RemoteError,
    Role,
    Share,
    WouldDeadlock,
)


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


ASKED: dict[str, Scenario] = {
    "answered": lambda bus: caught(lambda: bus.ask(LOCAL / "worker", Work())),
    "of another type": lambda bus: caught(lambda: bus.ask(LOCAL / "worker", Work(), reply=int)),
    "failed": lambda bus: caught(lambda: bus.ask(LOCAL / "worker", Fail())),
    "failed later": lambda bus: caught(lambda: bus.ask(LOCAL / "worker", FailLater())),
    "failed beside": lambda bus: caught(lambda: bus.ask(LOCAL / "worker", FailBeside())),
    "failed on a thread": lambda bus: caught(lambda: bus.ask(LOCAL / "thread", Fail())),
    "failed later on a thread": lambda bus: caught(lambda: bus.ask(LOCAL / "thread", FailLater())),
    "its time was over": lambda bus: caught(lambda: bus.ask(LOCAL / "worker", Sleep(), timeout=0.01)),
    "its time was over beside": lambda bus: caught(lambda: bus.ask(LOCAL / "worker", SleepBeside(), timeout=0.01)),
    "failed behind another": lambda bus: caught(lambda: bus.ask(LOCAL / "worker", PassOn("worker", "fail"))),
    "refused behind another": lambda bus: caught(lambda: bus.ask(LOCAL / "worker", PassOn("nobody", "work"))),
    "late behind another": lambda bus: caught(lambda: bus.ask(LOCAL / "worker", PassOn("waits", "sleep"))),
    "failed behind a thread": lambda bus: caught(lambda: bus.ask(LOCAL / "thread", PassOn("worker", "fail"))),
    "no peer came": lambda bus: caught(
        lambda: bus.ask(Role("archive") / "worker", Work(), timeout=0.01, wait_for_peer=True)
    ),
    "failed of the role": lambda bus: caught(lambda: bus.ask(Role("worker") / "worker", Fail())),
    "failed of all of the role": lambda bus: results(bus, Fail()),
    "no quorum": lambda bus: caught(lambda: bus.ask(Role("worker", Share(1.0)) / "worker", Fail(), quorum=1)),
    "a tell failed": lambda bus: caught(lambda: bus.tell(LOCAL / "worker", Fail())),
    "gathered": lambda bus: asyncio.gather(
        *(bus.ask(LOCAL / "worker", message) for message in (Fail(), Work(), FailLater())), return_exceptions=True
    ),
}


async def results(bus: Bus, message: object) -> None:
    found = await bus.ask(Role("worker", Share(1.0)) / "worker", message)
    for peer in found:
        with contextlib.suppress(RemoteError):
            found[peer]


@pytest.mark.parametrize("how", ASKED)
async def test_an_ask_leaves_nothing_however_it_ends(bus: Bus, how: str) -> None:
    bus.offer([Capability.parse("worker")])

    async def scenario() -> None:
        await ASKED[how](bus)
        await asyncio.sleep(0.05)

    assert await garbage_of(scenario) == {}


@pytest.mark.parametrize(
    "message", [Work(), Fail(), FailLater(), Sleep(), SleepBeside()], ids=lambda m: type(m).__name__
)
async def test_an_ask_whose_asker_goes_leaves_nothing(bus: Bus, message: object) -> None:
    async def asks() -> None:
        await caught(lambda: bus.ask(LOCAL / "worker", message))

    async def scenario() -> None:
        for turns_before in range(3):
            asker = asyncio.ensure_future(asks())
            for _ in range(turns_before):
                await asyncio.sleep(0)
            asker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asker
            del asker
        bus.ask(LOCAL / "worker", message, timeout=0.01)  # nobody looks at it
        await asyncio.sleep(0.02)

    assert await garbage_of(scenario) == {}


@pytest.mark.parametrize(
    "message", [Work(), Fail(), FailLater(), PassOn("worker", "fail")], ids=lambda m: type(m).__name__
)
@pytest.mark.parametrize("to", ["worker", "thread"])
async def test_an_ask_of_a_thread_leaves_nothing(bus: Bus, to: str, message: object) -> None:
    cell = bus.cell(to)
    assert cell is not None
    ref = cell.ref
    assert ref is not None

    def plain() -> None:
        got(lambda: bus.ask(LOCAL / to, message))
        got(lambda: ref.ask(message, block=False))
        got(lambda: ref.ask(message, block=False).map(str))
        called(lambda: ref.ask(message))
        called(lambda: ref.ask(message, timeout=0))

    async def scenario() -> None:
        await in_a_thread(plain)
        await caught(lambda: ref.ask(message, block=False))
        with contextlib.suppress(WouldDeadlock):
            ref.ask(message)

    assert await garbage_of(scenario) == {}
