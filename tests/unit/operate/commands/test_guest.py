"""A guest goes into the network of a configuration with an identity of its own, and leaves nothing of itself."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from administered import Blocks
from command_line import run

from peerbus.discovery import PeerDown, PeerUp
from peerbus.node import Node
from peerbus.node.config.config import parse_config
from peerbus.operate.commands.guest import QUIET, places, settled
from peerbus.testing import Simulation
from peerbus.transports import Identity

TO = "bus://role:archive/blocks"


@pytest_asyncio.fixture
async def alice(tmp_path: Path) -> AsyncIterator[Node]:
    """The node of alice.toml, which runs."""
    identity = Identity.generate()
    identity.save(tmp_path / "alice.pem")
    listen = f"unix://{tmp_path}/alice.bus"
    (tmp_path / "alice.toml").write_text(
        f"""
        name = "alice"
        network = "guests"
        identity = "alice.pem"
        book = "alice.db"
        listen = ["{listen}"]
        offers = ["archive"]
        reactors = ["administered:Blocks"]
        discovery.mdns = false
        """
    )
    async with Node(
        "alice", network="guests", identity=identity, listen=[listen], offers={"archive"}, reactors=[Blocks]
    ) as node:
        yield node


async def test_it_asks_and_tells_as_somebody_else_and_is_gone(
    alice: Node, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    join = ["--join", str(tmp_path / "alice.toml"), "--timeout", "60"]
    with alice.subscribe(PeerUp, PeerDown) as seen:
        status, out, err = await asyncio.to_thread(run, ["ask", TO, "Get", '{"height": 7}', *join], capsys)
        assert (status, err) == (0, "")
        assert json.loads(out) == {"height": 7, "hint": ""}
        up, down = await seen.get(), await seen.get()
        assert isinstance(up, PeerUp)
        assert isinstance(down, PeerDown)
        assert up.node_id == down.node_id != alice.node_id
        told = await asyncio.to_thread(run, ["tell", TO, "Get", '{"height": 7}', *join], capsys)
        assert told == (0, "handed over\n", "")
        again = await seen.get()
        assert isinstance(again, PeerUp)
        assert again.node_id not in (up.node_id, alice.node_id)
        assert isinstance(await seen.get(), PeerDown)
    assert alice.bus.ledger().local["blocks"].delivered == 2
    assert set(os.listdir(tmp_path)) == {"alice.bus", "alice.pem", "alice.toml"}


@pytest.mark.parametrize(
    ("words", "status", "why"),
    [
        (["bus://local/blocks", "Get", "{}"], 2, "is the guest itself, which runs nothing"),
        ([TO, "Put", "{}"], 2, "blocks has no message 'Put'"),
        (["bus://role:archive/other", "Get", "{}"], 1, "knows no channel 'other'"),
        (["bus://role:index/blocks", "Get", '{"height": 7}', "--timeout", "50ms"], 1, "before its deadline"),
    ],
)
async def test_what_a_guest_cannot_do_is_one_line(
    words: list[str], status: int, why: str, alice: Node, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["ask", *words, "--join", str(tmp_path / "alice.toml")]
    ended, out, err = await asyncio.to_thread(run, command, capsys)
    assert (ended, out) == (status, "")
    assert why in err
    assert err.count("\n") == 1
    assert alice.name == "alice"


def test_a_configuration_that_is_wrong_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(["ask", TO, "Get", "--join", str(tmp_path / "none.toml")], capsys)
    assert (status, out) == (2, "")
    assert "none.toml: there is no such file" in err


def test_its_own_node_is_dialed_where_it_can_be_from_here(tmp_path: Path) -> None:
    config = parse_config(
        """
        name = "alice"
        network = "demo"
        listen = ["tcp://0.0.0.0:7400", "tcp://[::]:7401", "tcp://10.0.0.2:7402", "tcp://127.0.0.1:0", "unix:///a.bus"]
        """,
        name="alice.toml",
        folder=tmp_path,
    )
    assert [str(endpoint) for endpoint in places(config)] == [
        "tcp://127.0.0.1:7400",
        "tcp://[::1]:7401",
        "tcp://10.0.0.2:7402",
        "unix:///a.bus",
    ]


@pytest.mark.seeds(1)
async def test_it_waits_for_all_whom_it_can_find_before_it_sends_to_several(sim: Simulation) -> None:
    guest = await sim.node("guest")
    waits = asyncio.create_task(settled(guest, 60.0))
    await sim.run_for(2 * QUIET)
    assert not waits.done(), "nobody is there"
    for count, name in enumerate(("alice", "bob"), start=1):
        await sim.node(name)
        await sim.until(lambda: len(guest.peers) == count, within=10)  # noqa: B023  # it has ended by then
        await sim.run_for(QUIET / 2)
        assert not waits.done()
    await sim.run_for(2 * QUIET)
    await waits


@pytest.mark.seeds(1)
async def test_it_waits_for_half_of_its_time_at_most(sim: Simulation) -> None:
    guest = await sim.node("guest")
    begun = sim.time
    await settled(guest, 8.0)
    assert sim.time - begun == 4.0
