"""What holds of an actor of a node, whether the node's own process runs it or a worker of it: the same tests for both.

A worker takes a second to begin, so each test does on one node what would else be several tests.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from crunching import (
    Add,
    Blob,
    Count,
    Counter,
    Fail,
    Look,
    Pass,
    Pid,
    Read,
    Relay,
    Round,
    Second,
    Send,
    Third,
    Threaded,
    Total,
    Wait,
)
from inside_pairs import ended_by_a_deadline, until

from peerbus.actors import (
    LOCAL,
    Address,
    DeadlineExceeded,
    MessageTypeError,
    NoSuchReactor,
    Peer,
    PeerGone,
    RemoteError,
    Role,
    parse_address,
)
from peerbus.discovery import PeerUp
from peerbus.node import Node

Scene = Callable[..., AbstractAsyncContextManager[Node]]
COUNTER, SECOND = LOCAL / Counter, LOCAL / Second


@pytest.fixture(params=["inside", "outside"])
def scene(request: pytest.FixtureRequest) -> Scene:
    """Makes a node with `Counter`, which the node's own process runs, or a worker; `Second` is always its own."""

    @asynccontextmanager
    async def made(
        *, listen: tuple[str, ...] = (), offers: tuple[str, ...] = (), shutdown_timeout: float = 5.0
    ) -> AsyncIterator[Node]:
        outside = request.param == "outside"
        async with Node(
            "scene",
            reactors=[Second] if outside else [Counter, Second],
            processes={"crunch": [Counter]} if outside else {},
            channels=[Third.channel],
            listen=listen,
            offers=offers,
            shutdown_timeout=shutdown_timeout,
        ) as node:
            own = await node.ask(COUNTER, Pid(), timeout=5)
            assert (own != os.getpid()) == outside
            yield node

    return made


async def test_sends_to_it_their_order_their_answers_and_their_errors(scene: Scene, tmp_path: Path) -> None:
    async with scene() as node:
        for number in range(50):
            await node.tell(COUNTER, Add(number))
        assert await node.tell_many(COUNTER, [Add(1)] * 300) == 300
        answer: int = await node.ask(COUNTER, Total(), timeout=5)
        assert answer == sum(range(50)) + 300
        asks = [node.ask(COUNTER, Add(1), timeout=5) for _ in range(100)]
        assert await asyncio.gather(*asks) == list(range(answer + 1, answer + 101))
        data = os.urandom(1 << 20)
        assert await node.ask(COUNTER, Blob(data), timeout=5) == Blob(data)
        for code, text in (("ValueError", "of a handler"), ("not_found", "refused"), ("deadline_reply", "refused")):
            with pytest.raises(RemoteError) as raised:
                await node.ask(COUNTER, Fail(code), timeout=5)
            assert (raised.value.code, raised.value.text) == (code, text)
        with pytest.raises(MessageTypeError):
            await node.ask(LOCAL / "counter", "no message", timeout=5)
        with pytest.raises(NoSuchReactor):
            await node.ask(LOCAL / "nobody", Pid(), timeout=5)
        # A deadline, and an asker that goes away, end the work.
        late, cancelled = tmp_path / "late", tmp_path / "cancelled"
        await ended_by_a_deadline(lambda timeout: node.ask(COUNTER, Wait(30.0, str(late)), timeout=timeout), late)
        ask = asyncio.ensure_future(node.ask(COUNTER, Wait(30.0, str(cancelled)), timeout=60))
        await node.ask(COUNTER, Pid(), timeout=5)
        ask.cancel()
        async with asyncio.timeout(10):
            while not (late.exists() and cancelled.exists()):
                await node.ask(COUNTER, Pid(), timeout=5)
        # All of it is in the books; what was taken is confirmed with the next heartbeat.
        await until(lambda: node.snapshot().ledger.local["counter"].pending == 0)
        account = node.snapshot().ledger.local["counter"]
        assert account.failed == {"message_type": 1}
        assert account.balanced
        assert node.snapshot().ledger.balanced


async def test_it_and_the_other_actors_of_the_node_are_actors_of_one_node(scene: Scene) -> None:
    async with scene(offers=("count",)) as node:
        own = await node.ask(COUNTER, Pid(), timeout=5)
        assert await node.ask(COUNTER, Relay(str(SECOND)), timeout=5) == f"None {os.getpid()}"
        assert await node.ask(SECOND, Relay(str(COUNTER)), timeout=5) == f"None {own}"
        assert await node.ask(COUNTER, Pass(str(SECOND), tuple(range(100))), timeout=5) == sum(range(100))
        with pytest.raises(RemoteError):
            await node.ask(COUNTER, Relay("bus://local/nobody"), timeout=5)
        # A role of the node means it.
        assert await node.ask(Role("count") / Counter, Pid(), timeout=5) == own
        assert await node.ask(Role("count", "all") / Counter, Pid(), timeout=5) == {"local": own}
        assert await node.ask(COUNTER, Relay("bus://role:count/second"), timeout=5) == f"None {os.getpid()}"
        # Whoever watches hears of the end.
        third = node.spawn(Third)
        await node.bus.started(third)
        async with asyncio.timeout(10):
            while "bus://local/third" not in await node.ask(COUNTER, Look(""), timeout=5):
                await node.ask(COUNTER, Look("bus://local/third"), timeout=5)
                if third.is_alive():
                    third.stop(block=False)


async def test_peers_reach_it_as_an_actor_of_the_node_and_it_reaches_them(scene: Scene, tmp_path: Path) -> None:
    where = f"unix://{tmp_path}/s"
    async with scene(listen=(where,), offers=("count",)) as node:
        async with _peer(where) as peer:
            there = Peer(node.node_id) / Counter
            own = await node.ask(COUNTER, Pid(), timeout=5)
            assert await peer.ask(there, Pid(), timeout=5) == own
            assert await peer.ask(Role("count") / Counter, Pid(), timeout=5) == own
            for number in range(100):
                await peer.tell(there, Add(number))
            assert await peer.ask(there, Total(), timeout=5) == sum(range(100))
            data = os.urandom(300_000)
            assert await peer.ask(there, Blob(data), timeout=5) == Blob(data)
            with pytest.raises(RemoteError) as raised:
                await peer.ask(there, Fail("not_found"), timeout=5)
            assert raised.value.code == "not_found"
            with pytest.raises(DeadlineExceeded):
                await peer.ask(there, Wait(30.0), timeout=0.05)
            # It asks the peer's actor, and tells it; and the other way round.
            back = f"bus://{peer.node_id}/third"
            assert await node.ask(COUNTER, Relay(back), timeout=5) == f"None {os.getpid()}"
            assert await node.ask(COUNTER, Pass(back, (1, 2, 3)), timeout=5) == 6
            assert await peer.ask(LOCAL / Third, Relay(str(there)), timeout=5) == f"None {own}"
            with pytest.raises(RemoteError) as raised:
                await node.ask(COUNTER, Relay(f"bus://{'0' * 64}/third"), timeout=5)
            assert raised.value.code == "NoRoute"
            assert await node.ask(COUNTER, Look(back), timeout=5) == ""
            # A circle of waits over both nodes is found, and named.
            for way, streams in (((str(there), back), False), ((str(there), back), True)):
                with pytest.raises(RemoteError, match=f"{there} → {back} → |{back} → {there} → ") as raised:
                    await peer.ask(LOCAL / Third, Round(way, streams), timeout=20)
                assert raised.value.code == "Deadlock"
            await _streams(peer, str(there), tmp_path)
            await _streams(node, back, tmp_path, by=str(COUNTER))
            await _streams(node, "bus://role:count/second", tmp_path, by=str(COUNTER))
            if own != os.getpid():
                stream = peer.stream(there, Count(3, error="wait"), idle=20)
                for _ in range(3):
                    await anext(stream)
                os.kill(own, signal.SIGKILL)
                with pytest.raises(PeerGone, match="was ended by SIGKILL") as gone:
                    await anext(stream)
                assert gone.value.items == 3
                assert len([_ async for _ in peer.stream(there, Count(5), idle=20)]) == 5, "it waits for the next one"
                assert await node.ask(COUNTER, Look(back), timeout=20) == ""
            await until(lambda: node.snapshot().ledger.balanced)
        async with asyncio.timeout(10):
            while back not in await node.ask(COUNTER, Look(""), timeout=5):
                pass


async def test_what_is_under_way_is_done_before_the_node_has_ended(scene: Scene) -> None:
    async with scene(shutdown_timeout=10.0) as node:
        asks = [asyncio.ensure_future(node.ask(COUNTER, Wait(0.2), timeout=5)) for _ in range(20)]
        await node.ask(COUNTER, Pid(), timeout=5)
    assert await asyncio.gather(*asks) == ["waited"] * 20


async def test_workers_are_made_with_arguments_and_run_actors_on_threads_too() -> None:
    async with Node("n", processes={"one": [partial(Counter, start=40)], "two": [Threaded]}) as node:
        assert await node.ask(COUNTER, Add(2), timeout=5) == 42
        assert await node.ask(LOCAL / Threaded, Relay(str(COUNTER)), timeout=5) != ""
        assert [view.reactors for view in node.workers()] == [("counter",), ("threaded",)]


async def _streams(node: Node, at: str, folder: Path, *, by: str = "bus://local/third") -> None:
    """An actor of that node reads of that address, sends items there, and both at once."""
    whole, of = str(2000 * 104), parse_address(by)
    assert isinstance(of, Address)
    assert await node.ask(of, Read(at, 2000, 100), timeout=20) == whole
    assert await node.ask(of, Read(at, 3, 1_100_000), timeout=20) == str(3 * 1_100_004)
    assert await node.ask(of, Send(at, 2000, 100), timeout=20) == whole
    assert await node.ask(of, Send(at, 300, 100, talks=True), timeout=20) == str(300 * 104)
    assert await node.ask(of, Send(at, 5000, 1000, most=2), timeout=20) == "stream_ended 2008"
    assert await node.ask(of, Read(at, 3, error="sad"), timeout=20) == "15 sad"
    mark = folder / f"{of}".replace("/", "")
    assert await node.ask(of, Read(at, 100_000, most=10, mark=str(mark)), timeout=20) == "50"
    await until(mark.exists)
    mark.unlink()


@asynccontextmanager
async def _peer(where: str) -> AsyncIterator[Node]:
    async with Node("peer", peers=[where], reactors=[Third], channels=[Counter.channel]) as peer:
        with peer.subscribe(PeerUp) as ups:
            while not peer.peers:
                await asyncio.wait_for(ups.get(), 10)
        yield peer
