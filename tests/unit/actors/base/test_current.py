"""Code learns on which bus's loop it runs: by its context, and only on that bus's thread."""

from __future__ import annotations

import contextvars
import threading
from dataclasses import dataclass

from peerbus.actors import LOCAL, Actor, Bus, handles
from peerbus.actors.base.current import CURRENT_BUS, OfThread, current_bus


@dataclass
class SomeBus:
    thread: int


class Asks(Actor):
    @handles(str)
    def is_it(self, _: str) -> bool:
        return current_bus() is self.bus


def test_elsewhere_there_is_none() -> None:
    assert current_bus() is None


def test_it_is_the_bus_of_the_context_on_its_own_thread_only() -> None:
    bus = SomeBus(threading.get_ident())
    context = contextvars.copy_context()
    context.run(CURRENT_BUS.set, bus)
    assert context.run(current_bus) is bus
    elsewhere: list[OfThread | None] = []
    thread = threading.Thread(target=lambda: elsewhere.append(context.copy().run(current_bus)))
    thread.start()
    thread.join()
    assert elsewhere == [None]
    assert current_bus() is None


async def test_a_handler_runs_on_its_bus_and_the_code_beside_it_does_not() -> None:
    async with Bus("one") as one, Bus("other") as other:
        for bus in (one, other):
            bus.spawn(Asks, name="asks")
            assert await bus.ask(LOCAL / "asks", "?", reply=bool)
