"""What holds of a pool, whether its members run on the loop or in processes: the same tests for both.

A process takes some time to begin, so each test does on one node what would else be several tests.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from inside_pairs import ended_by_a_deadline, until
from pool_jobs import Adding, Break, Job, Jobs, Leave, Linger, Nap, Notes, Spread, Steps, Tail, Taking, by_key, together

from peerbus.actors import (
    LOCAL,
    ActorStopped,
    DeadlineExceeded,
    MessageTypeError,
    OpenStream,
    Peer,
    PeerGone,
    Pool,
    PoolView,
    RemoteError,
    Resizer,
    Role,
    SendError,
)
from peerbus.node import Node

JOBS = LOCAL / Jobs
everywhere = pytest.mark.parametrize("where", ["members", "processes"])


@asynccontextmanager
async def pooled(where: str, count: int, **said: Any) -> AsyncIterator[Node]:
    """A node with such a pool."""
    said[where] = count
    pool = Pool(partial(Jobs, "!"), **said)
    async with Node("pooled", reactors=[pool], listen=["tcp://127.0.0.1:0"], offers={"worker"}) as node:
        yield node


def view(node: Node) -> PoolView:
    return node.bus.actors.pools["jobs"]()


def in_order(notes: tuple[tuple[float, str, str, int], ...]) -> dict[str, list[int]]:
    """Numbers by key, as they were handled, whoever did it."""
    found: dict[str, list[int]] = {}
    for _, _, key, number in sorted(notes):
        found.setdefault(key, []).append(number)
    return found


@everywhere
async def test_one_address_each_pick_and_the_order_of_each_key_while_it_grows_and_shrinks(where: str) -> None:
    async with pooled(where, 3, pick=by_key, combine=together) as node:
        answers = await asyncio.gather(*(node.ask(JOBS, Job(n)) for n in range(30)))
        assert {each.partition("@")[0] for each in answers} == {"jobs.1", "jobs.2", "jobs.3"}
        pids = {int(each.partition("@")[2].strip("!")) for each in answers}
        if where == "processes":
            assert len(pids) == 3
            assert os.getpid() not in pids
            assert {each.pid for each in view(node).members} == pids
            assert {each.pid for each in node.workers() if (each.state, each.pool) == ("running", "jobs")} == pids
        assert {each.runs for each in view(node).members} == {"loop" if where == "members" else "process"}
        for number in range(60):
            await node.tell(JOBS, Job(number, f"k{number % 7}"))
        assert await node.tell_many(JOBS, [Job(n, f"k{n % 7}") for n in range(60, 200)]) == 140
        notes = await node.ask(JOBS, Notes())
        for key, numbers in in_order(notes).items():
            assert not key or numbers == [n for n in range(200) if f"k{n % 7}" == key]
        assert len({(key, who) for _, who, key, _ in notes if key}) == 7, "what has a key goes to one member"
        if where == "processes":
            assert "spread" not in in_order(notes)
            assert (await node.ask(JOBS, Spread(3))).endswith("!"), "a member reaches the pool by its own address"
        keys, seen = 12, list(notes)
        for turn, size in enumerate((4, 1, 2)):
            for number in range(turn * 40, turn * 40 + 40):
                for key_of in range(keys):
                    await node.tell(JOBS, Job(number, str(key_of)))
            if size < view(node).size:  # members that leave take their notes with them
                seen += await node.ask(JOBS, Notes())
            await node.resize("jobs", size)
            for key_of in range(keys):
                await node.ask(JOBS, Job(turn * 40 + 39, str(key_of)))
            await until(lambda: not view(node).moving and len(view(node).members) == size)  # noqa: B023
        seen += await node.ask(JOBS, Notes())
        found = in_order(tuple(set(seen)))
        assert all(found[str(each)] == sorted(found[str(each)]) for each in range(keys))
        await until(lambda: node.snapshot().ledger.local["jobs"].pending == 0)
        ledger = node.snapshot().ledger
        assert ledger.balanced
        assert ledger.local["jobs"].sent >= 30 + 200 + 3 * (40 + 1) * keys
        assert ledger.local["jobs"].failed == {}


@everywhere
async def test_peers_reach_it_a_long_message_holds_up_no_other_and_who_goes_away_ends_the_work(
    where: str, tmp_path: Path
) -> None:
    async with (
        pooled(where, 2, prefetch=0) as node,
        Node("far", peers=[*node.endpoints], channels=[Jobs.channel]) as far,
    ):
        await until(lambda: bool(far.peers))
        to = Role("worker") / Jobs
        by = set(await asyncio.gather(*(far.ask(to, Job(n)) for n in range(12))))
        assert {each.partition("@")[0] for each in by} == {"jobs.1", "jobs.2"}
        assert await far.tell_many(Peer(node.node_id) / Jobs, [Job(n) for n in range(300)]) == 300
        await until(lambda: sum(each.delivered - each.at_work for each in view(node).members) == 312)
        long = asyncio.ensure_future(far.ask(to, Nap(30, str(tmp_path / "far"))))
        await until(lambda: sum(each.at_work for each in view(node).members) == 1)
        assert len(set(await asyncio.gather(*(node.ask(JOBS, Job(n)) for n in range(20))))) == 1
        for number in range(20):
            await node.tell(JOBS, Job(number))
        await until(lambda: not view(node).held and sum(each.queued for each in view(node).members) == 0)
        late = tmp_path / "late"
        await ended_by_a_deadline(lambda timeout: node.ask(JOBS, Nap(30, str(late)), timeout=timeout), late)
        long.cancel()
        await asyncio.gather(long, return_exceptions=True)
        await until(lambda: (tmp_path / "far").exists() and late.exists())
        await until(lambda: not any(each.at_work for each in view(node).members))
        assert len(set(await asyncio.gather(*(node.ask(JOBS, Nap(0.05)) for _ in range(2))))) == 2
        assert node.snapshot().ledger.balanced
        assert far.snapshot().ledger.balanced


@everywhere
async def test_a_member_that_fails_too_often_is_lost_and_the_next_change_of_size_puts_another_there(where: str) -> None:
    async with pooled(where, 2, pick=by_key) as node:
        member = (await node.ask(JOBS, Job(0, "a"))).partition("@")[0]
        for _ in range(3):
            await node.tell(LOCAL / member, Break())
        await until(lambda: view(node).lost == 1)
        assert (await node.ask(JOBS, Job(1, "a"))).partition("@")[0] != member
        await node.resize("jobs", 2)
        await until(lambda: len(view(node).members) == 2)
        assert await node.ask(JOBS, Job(2, "a"))


@everywhere
async def test_streams_come_from_members_that_answer_so_many_at_a_time(where: str, tmp_path: Path) -> None:
    async with (
        pooled(where, 2, streams=2, pick=by_key) as node,
        Node("far", peers=[*node.endpoints], channels=[Jobs.channel]) as far,
    ):
        await until(lambda: bool(far.peers))
        for reader, to in ((node, JOBS), (far, Role("worker") / Jobs)):
            assert [each async for each in reader.stream(to, Steps(3_000))] == list(range(3_000))
            async with reader.open(to, Adding()) as talk:
                for number in (1, 2, 3):
                    await talk.send(number)
                await talk.end()
                assert [each async for each in talk] == [1, 3, 6]
            async with reader.open(to, Taking()) as talk:
                for number in range(100):
                    await talk.send(number)
                assert await talk.result() == sum(range(100))
            async with reader.open(to, Adding()) as talk:
                await talk.send(-1)
                await talk.end()
                assert await anext(talk) == -1
                with pytest.raises(RemoteError, match="below zero"):
                    await anext(talk)
        await until(lambda: not any(each.streams for each in view(node).members))
        tails = [
            (reader.stream(JOBS if reader is node else Peer(node.node_id) / Jobs, Tail())) for reader in (node, far)
        ]
        tails += [node.stream(JOBS, Tail()) for _ in range(2)]
        who = [(await anext(each)).partition("@")[0] for each in tails]
        assert sorted(who) == ["jobs.1", "jobs.1", "jobs.2", "jobs.2"]
        for reader, to in ((node, JOBS), (far, Peer(node.node_id) / Jobs)):
            for timeout, idle in ((None, 0.1), (0.1, None), (0.1, 5.0)):
                with pytest.raises(DeadlineExceeded) as late:
                    await anext(reader.stream(to, Tail(), timeout=timeout, idle=idle))
                assert (late.value.phase, late.value.items) == ("streams", 0)
                upload = reader.open(to, Taking(), timeout=timeout, idle=idle)
                with pytest.raises(DeadlineExceeded) as late:
                    await send_and_ask(upload, 1)
                assert late.value.phase == "streams"
                await upload.aclose()
        waits = asyncio.ensure_future(anext(far.stream(Peer(node.node_id) / Jobs, Tail())))
        await until(lambda: view(node).streams_waiting == 1)
        assert await node.ask(JOBS, Job(1))
        await tails.pop(0).aclose()
        assert (await waits).startswith(who[0])
        for each in tails:
            await each.aclose()
        left = node.stream(JOBS, Tail(str(tmp_path / "left")))
        await anext(left)
        await left.aclose()
        await until((tmp_path / "left").exists)
        await until(lambda: node.snapshot().ledger.items["jobs"].pending == 0)
        assert node.snapshot().ledger.balanced
        assert far.snapshot().ledger.balanced


@everywhere
async def test_a_member_that_dies_or_leaves_ends_its_own_streams_alone(where: str) -> None:
    async with (
        pooled(where, 2, pick=by_key) as node,
        Node("far", peers=[*node.endpoints], channels=[Jobs.channel]) as far,
    ):
        await until(lambda: bool(far.peers))
        to = Peer(node.node_id) / Jobs
        tails = [node.stream(JOBS, Tail()), far.stream(to, Tail()), node.stream(JOBS, Tail()), far.stream(to, Tail())]
        who = [(await anext(each)).partition("@")[0] for each in tails]
        if where == "processes":
            os.kill(next(each.pid for each in view(node).members if each.name == who[0]), signal.SIGKILL)
        else:
            node.bus.actors.by_name[who[0]].kill("killed")
        for stream, member in zip(tails, who, strict=True):
            if member == who[0]:
                with pytest.raises(SendError) as gone:
                    await anext(stream)
                assert gone.value.items == 1
                assert (
                    isinstance(gone.value, PeerGone if where == "processes" else ActorStopped) or stream in tails[1::2]
                )
        await until(lambda: sum(each.streams for each in view(node).members) == 2)
        await node.resize("jobs", 2)
        await until(lambda: len(view(node).members) == 2 and all(m.state == "running" for m in view(node).members))
        assert [each async for each in node.stream(JOBS, Steps(3))] == [0, 1, 2]
        await node.resize("jobs", 1)
        for each in tails:
            await each.aclose()
        await until(lambda: len(view(node).members) == 1 and not view(node).members[0].streams)
        assert node.snapshot().ledger.balanced


async def send_and_ask(talk: OpenStream[Any], item: object) -> None:
    await talk.send(item)
    await talk.result()


@everywhere
async def test_who_leaves_with_items_half_sent_ends_the_handler_that_waits_for_more(where: str) -> None:
    async with (
        pooled(where, 1) as node,
        Node("far", peers=[*node.endpoints], channels=[Jobs.channel]) as far,
    ):
        await until(lambda: bool(far.peers))
        for reader, to in ((node, JOBS), (far, Peer(node.node_id) / Jobs)):
            for message in (Taking(), Adding()):
                for sent in (0, 1, 100):
                    talk = reader.open(to, message)
                    for number in range(sent):
                        await talk.send(number)
                    await talk.aclose()
                if reader is node and where == "members":
                    continue  # there anything can go along
                talk = reader.open(to, message)
                await talk.send(1)
                with pytest.raises(MessageTypeError):
                    await send_and_ask(talk, object())
                await talk.aclose()
            assert await reader.ask(to, Job(1)), "no handler is left that holds its turn"
        await until(lambda: not any(m.streams or m.at_work or m.queued for m in view(node).members))
        for each in (node, far):
            await until(lambda: each.snapshot().ledger.items["jobs"].pending == 0)  # noqa: B023
            assert each.snapshot().ledger.balanced


@everywhere
async def test_a_handler_beside_the_next_messages_holds_no_place(where: str, tmp_path: Path) -> None:
    async with pooled(where, 1) as node:
        asks = [node.ask(JOBS, Spread(number)) for number in range(20)]
        assert len(await asyncio.gather(*asks)) == 20, "each asks the pool itself"
        files = [tmp_path / str(number) for number in range(5)]
        lingering = [asyncio.ensure_future(node.ask(JOBS, Linger(str(each)))) for each in files]
        await until(lambda: view(node).members[0].at_work == 5)
        for number in range(3):
            await node.tell(JOBS, Job(number))
        assert await node.ask(JOBS, Job(3))
        await until(lambda: view(node).members[0].queued == 0)
        for ask, each in zip(lingering[:4], files, strict=False):
            ask.cancel()
            await until(each.exists)
        await until(lambda: view(node).members[0].at_work == 1)
        await node.resize("jobs", 2)
        assert not lingering[4].done()
        lingering[4].cancel()
        await until(files[4].exists)
        assert node.snapshot().ledger.balanced


async def test_what_comes_while_a_process_ends_by_itself_waits_for_the_next_one() -> None:
    async with pooled("processes", 1) as node:
        beside = node.stream(JOBS, Tail())
        await anext(beside)
        leaving = node.stream(JOBS, Leave())  # it ends the process behind its first item
        assert await anext(leaving) == 1
        pid = view(node).members[0].pid
        while view(node).members[0].pid in (pid, 0):
            await node.ask(JOBS, Job(1))  # it is refused at no moment
        assert node.workers()[0].ended == "exited with status 3"
        with pytest.raises(RemoteError, match="SystemExit"):
            await anext(leaving)
        with pytest.raises(SendError):
            await anext(beside)
        assert node.snapshot().ledger.balanced


async def test_nothing_is_kept_of_a_stream_whose_process_was_killed() -> None:
    async with pooled("processes", 1) as node:
        kept = []
        for message in (Adding(), Taking()):
            talk = node.open(JOBS, message)
            await talk.send(1)
            if not isinstance(message, Taking):
                await anext(talk)
            before = view(node).members[0].restarts
            os.kill(view(node).members[0].pid, signal.SIGKILL)
            with pytest.raises(PeerGone):
                await talk.result()
            kept.append(weakref.ref(talk._ask))
            del talk
            await until(lambda: view(node).members[0].restarts > before and node.workers()[0].state == "running")  # noqa: B023
        await until(lambda: node.snapshot().ledger.items["jobs"].pending == 0)
        gc.collect()
        assert [each() for each in kept] == [None] * 2


@everywhere
async def test_it_grows_and_shrinks_by_its_rule_and_ends_when_its_work_is_done(where: str) -> None:
    async with pooled(where, 1, resizer=Resizer(upper=3, grow_after=0.1, shrink_after=0.2)) as node:
        work = [asyncio.ensure_future(node.ask(JOBS, Nap(0.05))) for _ in range(40)]
        await until(lambda: view(node).size == 3)
        assert len(set(await asyncio.gather(*work))) >= 2
        await until(lambda: len(view(node).members) == 1)
        assert node.snapshot().ledger.balanced
        last = [asyncio.ensure_future(node.ask(JOBS, Nap(0.05))) for _ in range(4)]
        await until(lambda: view(node).members[0].at_work == 1)
    assert all(each.endswith("!") for each in await asyncio.gather(*last))
