"""Pools whose members run in processes: what a process that ends takes with it, and what it does not."""

from __future__ import annotations

import asyncio
import os
import signal
from functools import partial
from pathlib import Path

import pytest
from inside_pairs import until
from pool_jobs import Die, Frail, Job, Jobs, by_key

from peerbus.actors import (
    LOCAL,
    Bus,
    Channel,
    ConfigError,
    Message,
    PeerbusError,
    PeerGone,
    Pool,
    PoolView,
    Reactor,
    Supervision,
    handles,
)
from peerbus.node import Node
from peerbus.node.config.config import parse_config
from peerbus.node.run.build import build_node

JOBS = LOCAL / Jobs


def view(node: Node) -> PoolView:
    return node.bus.actors.pools["jobs"]()


def process(node: Node, member: str) -> int:
    return next(each.pid for each in view(node).members if each.name == member)


async def test_a_killed_process_takes_its_own_messages_with_it_and_no_others() -> None:
    async with Node("pooled", reactors=[Pool(Jobs, processes=2, pick=by_key, prefetch=1)]) as node:
        # One key for each member, so that it is known where what is.
        homes: dict[str, str] = {}
        for key in map(str, range(20)):
            homes.setdefault((await node.ask(JOBS, Job(0, key))).partition("@")[0], key)
        struck, other = homes
        pid = process(node, struck)
        held = [asyncio.ensure_future(node.ask(JOBS, Job(n, homes[struck], hold=0.3))) for n in range(2)]
        await until(lambda: next(m for m in view(node).members if m.name == struck).at_work == 1)
        waiting = [asyncio.ensure_future(node.ask(JOBS, Job(n, homes[struck]))) for n in range(50)]
        for number in range(50, 60):
            await node.tell(JOBS, Job(number, homes[struck]))
        os.kill(pid, signal.SIGKILL)
        # The other one goes on meanwhile.
        assert (await node.ask(JOBS, Job(1, homes[other]))).startswith(other)
        outcomes = await asyncio.gather(*held, return_exceptions=True)
        assert all(isinstance(each, PeerGone) and "SIGKILL" in str(each) for each in outcomes)
        # What waited in the node is done by the next process, in order.
        assert all(each.startswith(struck) for each in await asyncio.gather(*waiting))
        assert process(node, struck) not in (0, pid)
        assert next(m.restarts for m in view(node).members if m.name == struck) == 1
        worker = next(each for each in node.workers() if each.name == struck)
        assert (worker.begun, "SIGKILL" in worker.ended, worker.state) == (2, True, "running")
        await until(lambda: node.snapshot().ledger.local["jobs"].pending == 0)
        account = node.snapshot().ledger.local["jobs"]
        assert account.balanced
        assert account.undone.get("peer_gone", 0) + account.failed.get("peer_gone", 0) == 2


async def test_members_that_die_one_after_the_other_are_lost_and_then_the_pool_has_failed() -> None:
    pool = Pool(Frail, processes=2, supervision=Supervision(budget=1, backoff=0.01))
    async with Node("pooled", reactors=[pool]) as node:
        for lost in (1, 2):
            with pytest.raises(PeerGone):
                await node.ask(LOCAL / Frail, Die(), timeout=5)
            if lost == 1:
                await until(lambda: node.bus.actors.pools["frail"]().lost == 1)
        # The pool is made anew, with all its members.
        await until(lambda: "frail" in node.bus.actors.pools and len(node.bus.actors.pools["frail"]().members) == 2)
        assert await node.ask(LOCAL / Frail, Job(1), timeout=5)


async def test_what_another_process_could_not_make_is_refused_where_it_is_given() -> None:
    class Inner(Reactor):
        channel = Channel("inner", messages=(Nothing,))

        @handles(Nothing)
        def nothing(self, _: Nothing) -> None: ...

    with pytest.raises(ConfigError, match=r"made inside of a function.*put the class on the top"):
        Node("pooled", reactors=[Pool(Inner, processes=2)])
    with pytest.raises(ConfigError, match=r"args.salt is <object"):
        Node("pooled", reactors=[Pool(partial(Jobs, salt=object()), processes=2)])  # type: ignore[arg-type]  # the fault
    main = type("Main", (Jobs,), {"__module__": "__main__", "__qualname__": "Main"})
    with pytest.raises(ConfigError, match=r"Main stands in __main__.*move the class"):
        Node("pooled", reactors=[Pool(main, processes=2)])
    bus = Bus("alone")
    async with bus:
        with pytest.raises(PeerbusError, match="a bus alone has not: give the pool to a node"):
            await bus.started(bus.spawn(Pool(Jobs, processes=2)))


class Nothing(Message):
    """Of no account."""


async def test_a_configuration_names_one_and_one_that_begins_later_has_its_processes_too(tmp_path: Path) -> None:
    text = (
        'name = "alice"\nnetwork = "test"\n[discovery]\nmdns = false\n[[reactors]]\npath = "pool_jobs:Jobs"\n'
        'args = { salt = "?" }\n[reactors.pool]\nprocesses = 2\npick = "pool_jobs:by_key"\n'
    )
    async with build_node(parse_config(text, name="a.toml", folder=tmp_path)) as node:
        assert (await node.ask(JOBS, Job(1))).endswith("?")
        assert [each.runs for each in view(node).members] == ["process", "process"]
        ref = node.spawn(Pool(Frail, processes=2))
        await node.bus.started(ref)
        assert len({await node.ask(LOCAL / Frail, Job(n)) for n in range(8)}) == 2
        pids = [each.pid for each in node.bus.actors.pools["frail"]().members]
        end = node.bus.actors.end_of(ref._cell)
        ref._cell.request_stop()
        await asyncio.wait_for(asyncio.shield(end), 10)
        await until(lambda: len(node.workers()) == 2)
        for pid in pids:
            with pytest.raises(ProcessLookupError):
                os.kill(pid, 0)
    with pytest.raises(ConfigError, match=r"a\.toml.*salt"):
        build_node(parse_config(text.replace('"?"', "1979-05-27"), name="a.toml", folder=tmp_path))
