from __future__ import annotations

from peerbus.actors import Actor, Bus
from peerbus.actors.engine import handles
from peerbus.node.workers.seat_cell import SeatCell


class Seat(Actor):
    cell_class = SeatCell


class Member(Actor):
    @handles(str)
    def take(self, _: str) -> int:
        return 1


async def test_it_hears_when_its_child_has_nothing_to_do() -> None:
    async with Bus() as bus:
        seat = bus.spawn(Seat)
        heard: list[str] = []
        cell = seat._cell
        assert isinstance(cell, SeatCell)
        cell.rested = lambda: heard.append("rests")
        ref = bus.actors.spawn(Member, "member", None, cell)
        await bus.started(ref)
        heard.clear()
        assert await bus.ask(ref, "work") == 1
        assert heard == ["rests"]
