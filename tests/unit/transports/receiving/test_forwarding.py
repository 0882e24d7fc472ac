from __future__ import annotations

import asyncio

import pytest
from crunching import Add, Blob, Counter, Fail, Look, Second, Third, Total, Wait
from inside_pairs import inside_scene

from peerbus.actors import LOCAL, Channel, DeadlineExceeded, Message, Reactor, RemoteError, handles
from peerbus.actors.sends import Outcome


class Ask(Message):
    """Ask the other worker's actor this, by its number among the kinds below."""

    kind: int


class Asker(Reactor):
    """Asks one that another worker runs."""

    channel = Channel("asker", messages=(Ask,))

    @handles(Ask, reentrant=True)
    async def ask_it(self, message: Ask) -> str:
        made: Outcome[object]
        match message.kind:
            case 0:
                made = self.ask(LOCAL / Counter, Add(1), timeout=5)
            case 1:
                made = self.ask(LOCAL / Counter, Fail("not_found"), timeout=5)
            case 2:
                made = self.ask(LOCAL / Counter, Wait(30.0), timeout=0.05)
            case _:
                made = self.ask(LOCAL / Counter, Blob(bytes(500_000)), timeout=5)
        return str(await made)[:40]


async def test_what_one_worker_sends_another_is_handed_on_and_its_answers_and_errors_come_back() -> None:
    async with inside_scene() as scene:
        await scene.add(Counter)
        await scene.add(Asker)
        node = scene.node
        assert await node.ask(LOCAL / Asker, Ask(0), timeout=5) == "1"
        with pytest.raises(RemoteError) as raised:
            await node.ask(LOCAL / Asker, Ask(1), timeout=5)
        assert raised.value.code == "not_found"
        with pytest.raises(RemoteError) as late:
            await node.ask(LOCAL / Asker, Ask(2), timeout=5)
        assert late.value.code == DeadlineExceeded.__name__
        assert (await node.ask(LOCAL / Asker, Ask(3), timeout=5)).startswith("Blob(data=b'")  # type: ignore[attr-defined]  # it is text
        assert await node.ask(LOCAL / Counter, Total(), timeout=5) == 1


async def test_what_waits_for_credit_goes_on_in_its_order_and_costs_its_sender_its_window() -> None:
    async with inside_scene([Second]) as scene:
        worker = await scene.add(Counter)
        await scene.add(Third)
        cell = worker.cell("counter")
        assert cell is not None
        hold = asyncio.ensure_future(scene.node.ask(LOCAL / Counter, Look(""), timeout=30))
        await hold
        sends = [scene.workers[1].tell(LOCAL / Counter, Add(number)) for number in range(1500)]
        await asyncio.gather(*sends)
        assert await scene.workers[1].ask(LOCAL / Counter, Total(), timeout=10) == sum(range(1500))
