"""Streams between two workers of a node: handed on by the node's own process, which reads none of their items."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from crunching import Count, Counter, Pid, Read, Second, Send, Store, Talk, Third
from inside_pairs import InsideScene, inside_scene, until

from peerbus.actors import LOCAL, Bus, DeadlineExceeded, PeerGone, SendError
from peerbus.transports.lanes import RELAYED_BYTES
from peerbus.transports.receiving.served_streams import MAX_STREAMS

COUNTER = str(LOCAL / Counter)


async def two(scene: InsideScene) -> tuple[Bus, Bus]:
    """Workers with `Counter` and with `Third`."""
    return await scene.add(Counter), await scene.add(Third)


@pytest.mark.parametrize(("items", "size"), [(0, 1), (1, 1), (5000, 10), (40, 65_536), (5, 1_500_000)])
async def test_items_of_all_sizes_come_whole_and_in_order_both_ways(items: int, size: int) -> None:
    async with inside_scene([Second]) as scene:
        _, reader = await two(scene)
        whole = str(items * (4 + size))
        assert await reader.ask(LOCAL / Third, Read(COUNTER, items, size), timeout=20) == whole
        assert await reader.ask(LOCAL / Third, Send(COUNTER, items, size), timeout=20) == whole
        if items <= 40:
            assert await reader.ask(LOCAL / Third, Send(COUNTER, items, size, talks=True), timeout=20) == whole
        # All of it is in the books of the node, once.
        await until(lambda: not scene.node.books.items("counter").open)
        account = scene.node.books.items("counter").account
        ways = 4 if items <= 40 else 2
        assert (account.sent, account.delivered, account.pending, account.failed) == (items * ways, items * ways, 0, {})


async def test_a_reader_that_stops_holds_up_the_generator_and_costs_the_node_between_a_bounded_amount() -> None:
    async with inside_scene([Second]) as scene:
        maker, reader = await two(scene)
        stream = reader.stream(LOCAL / "counter", Count(100_000, 1000), idle=20)
        await anext(stream)
        made = maker.books.items("counter")
        await until(lambda: made.sent > 1000)
        before = -1
        while before != made.sent:  # until the generator stands
            before = made.sent
            for _ in range(50):
                assert await reader.ask(LOCAL / Counter, Pid(), timeout=5), "and it holds up nobody else"
        assert made.sent * 1000 < (1 << 20) + 2 * RELAYED_BYTES + 300_000
        for end in scene.ends:
            assert end.link.outbox.control_bytes == 0
            assert end._receive.streams.unwritten <= RELAYED_BYTES
        await stream.aclose()
        await until(lambda: not made.open)
        await until(lambda: not scene.node.books.items("counter").open)


async def test_who_leaves_ends_the_generator_and_an_error_comes_behind_its_items(tmp_path: Path) -> None:
    async with inside_scene([Second]) as scene:
        _, reader = await two(scene)
        for name, read in {
            "left": Read(COUNTER, 100_000, most=10, mark=str(tmp_path / "left")),
            "raised": Read(COUNTER, 3, error="sad", mark=str(tmp_path / "raised")),
        }.items():
            said = await reader.ask(LOCAL / Third, read, timeout=20)
            assert said == {"left": "50", "raised": "15 sad"}[name]
            await until((tmp_path / name).exists)
        # A deadline for all of it, and one for each item.
        for name, timeout, idle in (("timeout", 0.2, None), ("idle", None, 0.2)):
            mark = tmp_path / name
            wanted = Count(3, error="wait", mark=str(mark))
            with pytest.raises(DeadlineExceeded) as late:
                async for _ in reader.stream(LOCAL / "counter", wanted, timeout=timeout, idle=idle):
                    pass
            assert late.value.items == 3
            await until(mark.exists)
        # A handler that has enough answers, and takes no more.
        assert await reader.ask(LOCAL / Third, Send(COUNTER, 5000, 1000, most=2), timeout=20) == "stream_ended 2008"
        # An asker that goes away cancels the handler.
        async with asyncio.timeout(20):
            opened = reader.open(LOCAL / "counter", Store())
            await opened.send(Count(1))
            await opened.aclose()
        await until(lambda: not any(end._receive.serving for end in (*scene.ends, *scene.their_ends)))


async def test_the_end_of_the_process_that_runs_it_says_how_many_items_had_come() -> None:
    async with inside_scene([Second]) as scene:
        _, reader = await two(scene)
        stream = reader.stream(LOCAL / "counter", Count(3, error="wait"), idle=20)
        for _ in range(3):
            await anext(stream)
        scene.ends[0].process_ended("its process was ended by SIGKILL")
        with pytest.raises(PeerGone, match="its process was ended by SIGKILL") as gone:
            await anext(stream)
        assert gone.value.items == 3
        # Not begun yet: an error of the ask.
        with pytest.raises(SendError) as never:
            await anext(reader.stream(LOCAL / "counter", Count(3), idle=20))
        assert never.value.items == 0


async def test_streams_of_one_process_on_a_channel_are_bounded() -> None:
    async with inside_scene([Second]) as scene:
        _, reader = await two(scene)
        streams = [reader.stream(LOCAL / "counter", Count(100_000, 1000), idle=20) for _ in range(MAX_STREAMS)]
        for stream in streams:
            await anext(stream)
        with pytest.raises(DeadlineExceeded) as late:
            await anext(reader.stream(LOCAL / "counter", Count(1), timeout=0.01))
        assert (late.value.phase, late.value.items) == ("streams", 0)
        following = asyncio.ensure_future(anext(reader.stream(LOCAL / "counter", Count(1, 10), idle=20)))
        await streams.pop().aclose()
        assert await following
        for stream in streams:
            await stream.aclose()


async def test_streams_of_several_to_one_process_share_its_places_and_wait_for_them() -> None:
    async with inside_scene([Second]) as scene:
        _, reader = await two(scene)
        own = [scene.node.stream(LOCAL / "counter", Count(100_000, 1000), idle=20) for _ in range(MAX_STREAMS - 10)]
        for stream in own:
            await anext(stream)
        handed = [reader.stream(LOCAL / "counter", Count(1, 10), idle=20) for _ in range(30)]  # it waits in between
        reads = [asyncio.ensure_future(anext(stream)) for stream in handed]
        assert all(await asyncio.gather(*reads))
        for stream in (*own, *handed):
            await stream.aclose()
        async with reader.open(LOCAL / "counter", Talk(), idle=20) as talk:
            await talk.end()
            assert [item async for item in talk] == []
