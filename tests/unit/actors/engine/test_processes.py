from __future__ import annotations

from collections.abc import Callable

from pool_work import Work, Worker

from peerbus.actors import LOCAL, Bus, Pool
from peerbus.actors.engine.body import Body


class Elsewhere:
    """Runs members here after all, and notes what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []

    def stand_in(self, name: str, factory: Callable[[], Body], prefetch: int) -> Callable[[], Body]:
        self.asked.append((name, prefetch))
        return factory


async def test_a_pool_gets_its_members_in_processes_of_whoever_runs_these() -> None:
    async with Bus() as bus:
        bus.actors.processes = processes = Elsewhere()
        await bus.started(bus.spawn(Pool(Worker, processes=2, prefetch=3)))
        assert processes.asked == [("work.1", 3), ("work.2", 3)]
        assert await bus.ask(LOCAL / Worker, Work(1)) in {"work.1", "work.2"}
