"""`peerbus channels`: queues, ages, sends and handling times by channel."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from administered import Blocks, Get, Place
from command_line import asked
from virtual_time import eventually

from peerbus.actors import LOCAL, Channel, Message, NotAllowed, Peer, Reactor, handles
from peerbus.actors.engine import HistogramView
from peerbus.node import Allow, Node, Permissions
from peerbus.operate import Admin
from peerbus.operate.commands.channels import quantile
from peerbus.transports.rules import PeerRules
from peerbus.transports.wire import hello


class Open(Message):
    code: int


class Safe(Reactor):
    """Of this node alone."""

    channel = Channel("safe", messages=(Open,), local=True)

    @handles(Open)
    def open(self, message: Open) -> int:
        return message.code


async def test_each_channel_is_a_line(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    await place.node.ask(LOCAL / Blocks, Get(height=1), timeout=30)
    status, out, err = await asked(place.socket, "channels", capsys)
    assert (status, err) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    assert lines[0][:3] == ["CHANNEL", "QUEUED", "LOCAL"]
    assert ["blocks", "0", "1", "0"] in [line[:4] for line in lines]
    said = json.loads((await asked(place.socket, "channels --json", capsys))[1])
    assert {channel["name"]: channel["messages"] for channel in said}["blocks"] == ["Get", "Wait"]


async def test_a_channel_that_stays_here_says_so_and_what_peers_may_not_send_is_counted(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket, place = tmp_path / "a.sock", f"unix://{tmp_path}/s"
    # A peer that heeds what it is told, in HELLO or later, sends none; one that reads neither does.
    words = tuple(word for word in hello.FEATURES if word != hello.REFUSALS)
    monkeypatch.setattr("peerbus.discovery.records.self_description.FEATURES", words)
    monkeypatch.setattr(PeerRules, "refusing", lambda _, info, _peer: info)
    rules = Permissions(channels={"blocks": Allow(ask=[])})
    async with (
        Node(
            "alice", listen=[place], reactors=[Blocks, Safe], permissions=rules, extensions=[Admin(str(socket))]
        ) as alice,
        Node("bob", peers=[place], channels=[Blocks.channel]) as bob,
    ):
        await eventually(lambda: alice.node_id in bob.peers)
        with pytest.raises(NotAllowed):
            await bob.ask(Peer(alice.node_id) / Blocks, Get(height=1), timeout=30)
        _, out, _ = await asked(socket, "channels", capsys)
        lines = {line.split()[0]: line.split() for line in out.splitlines()}
        assert lines["safe"][:4] == ["safe", "(stays", "here)", "0"]
        assert lines["blocks"][:4] == ["blocks", "0", "1", "1"]
        assert "REFUSED" in lines["CHANNEL"]
        # The operator of a node is one of its own: an ask by the admin API is from here.
        said = await asked(socket, 'ask bus://local/safe Open {"code":7}', capsys)
        assert json.loads(said[1]) == 7


def test_a_quantile_is_the_bound_that_holds_it() -> None:
    seen = HistogramView((0.1, 1.0, 10.0), (98, 1, 0, 1), 12.0)
    assert (quantile(seen, 0.5), quantile(seen, 0.99), quantile(seen, 1.0)) == (0.1, 1.0, None)
    assert quantile(None, 0.5) is None
    assert quantile(HistogramView((1.0,), (0, 0), 0.0), 0.5) is None
