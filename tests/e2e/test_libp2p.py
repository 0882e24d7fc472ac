"""The whole bus over libp2p: peers find each other, ask by role, sync a file, and go on when one of them goes."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from peerbus.actors import Channel, Message, Peer, Reactor, Request, Role, handles
from peerbus.discovery import PeerDown, PeerUp
from peerbus.node import Node

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "blocksync" / "nodes.py"
PLACE = "libp2p+tcp://127.0.0.1:0"


class Shout(Message, Request[str]):
    text: str


class Echoes(Reactor):
    channel = Channel("echoes", messages=(Shout,))

    @handles(Shout)
    def answer(self, shout: Shout) -> str:
        return shout.text.upper()


async def test_two_nodes_talk_over_it_also_where_one_listens_on_tcp_as_well() -> None:
    both = [PLACE, "tcp://127.0.0.1:0"]
    async with Node("alice", network="n", listen=both, offers={"echo"}, reactors=[Echoes]) as alice:
        by_libp2p, by_tcp = alice.endpoints
        assert by_libp2p.startswith("libp2p+tcp://")
        async with Node("bob", network="n", peers=[by_libp2p], channels=[Echoes.channel]) as bob:
            with bob.subscribe(PeerUp, PeerDown) as news:
                if not bob.peers:
                    await news.get()
                assert await bob.ask(Role("echo") / "echoes", Shout("hello"), timeout=20) == "HELLO"
                assert await bob.ask(Peer(alice.node_id) / "echoes", Shout("x" * 300_000), timeout=20) == "X" * 300_000
                (statistics,) = bob.snapshot().connections.values()
                assert statistics.remote.startswith(f"libp2p+tcp://{alice.node_id}@127.0.0.1:")
                async with Node("carol", network="n", peers=[by_tcp], channels=[Echoes.channel]) as carol:
                    with carol.subscribe(PeerUp) as ups:
                        if not carol.peers:
                            await ups.get()
                    assert await carol.ask(Role("echo") / "echoes", Shout("hi"), timeout=20) == "HI"
        assert not bob.peers


async def test_blocks_are_synced_over_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = importlib.util.spec_from_file_location("blocksync_over_libp2p", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    blocksync = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, blocksync)
    spec.loader.exec_module(blocksync)
    monkeypatch.setattr(blocksync, "LISTEN", [PLACE])
    (tmp_path / "original").write_bytes(bytes(range(256)) * 4096)
    await blocksync.everything(tmp_path / "original", tmp_path / "copy")
    assert "done: 8 blocks" in capsys.readouterr().out
    assert (tmp_path / "copy").read_bytes() == (tmp_path / "original").read_bytes()
