"""What docs/operate.md, docs/peers.md and docs/tracing.md show of code, at work."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from peerbus.discovery import PeerDown, PeerUp, Require
from peerbus.node import Node
from peerbus.operate import Admin, Tracing
from peerbus.testing import Simulation


async def test_a_client_sees_into_a_running_node_and_steers_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    (tmp_path / "peerbus").mkdir(mode=0o700)
    async with Node("alice", extensions=[Admin(str(tmp_path / "peerbus" / "alice.sock"))]):
        # region: client
        from peerbus.operate import AdminClient, find_node

        async with AdminClient(await find_node("alice")) as node:
            print((await node.node()).ready)
            await node.ban("10.1.0.0/16", seconds=600)
            async for happened in node.follow():  # goes on when the node comes back
                print(happened)
                # endregion
                break
    ready, event = capsys.readouterr().out.splitlines()
    assert "ready=True" in ready
    assert "10.1.0.0/16" in event


async def test_plain_code_reads_events(sim: Simulation, capsys: pytest.CaptureFixture[str]) -> None:
    node = await sim.node("alice")

    async def read() -> None:
        # region: subscribe
        async with node.subscribe(PeerUp, PeerDown) as events:
            async for event in events:  # or: await events.get(); events.get_nowait(), None where there is none
                print(event, "missed:", events.missed)
        # endregion

    reading = asyncio.ensure_future(read())
    bob = await sim.node("bob")
    await sim.until(lambda: len(node.bus.routes.peers) == 1, within=30)
    await bob.aclose()
    await sim.run_for(1)
    await node.aclose()
    await reading
    up, down = capsys.readouterr().out.splitlines()
    assert up.startswith(f"PeerUp(node_id='{bob.node_id}'")
    assert down.startswith(f"PeerDown(node_id='{bob.node_id}'")
    assert down.endswith("missed: 0")


def test_a_node_says_what_it_requires() -> None:
    # region: requires
    node = Node("alice", requires=[Require(role="archive", at_least=2), Require(role="index", share=0.3)])
    # endregion
    assert node.name == "alice"


def test_tracing_is_an_extension() -> None:
    # region: tracing
    node = Node("alice", extensions=[Tracing()])
    # endregion
    assert node.name == "alice"
