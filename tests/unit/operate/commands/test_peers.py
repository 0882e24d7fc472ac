"""`peerbus peers`: a line for each, all about one, and the same as JSON."""

from __future__ import annotations

import json

import pytest
from administered import Place
from command_line import asked
from pairs import Pair
from virtual_time import eventually

from peerbus.actors import Rate
from peerbus.node import Allow, PeerRates, Permissions


async def test_each_peer_is_a_line_of_what_matters(pair: Pair, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = await asked(pair.socket, "peers", capsys)
    assert (status, err) == (0, "")
    head, line = out.splitlines()
    assert head.split()[:3] == ["PEER", "NAME", "STATE"]
    words = line.split()
    assert words[:3] == [pair.peer.node_id[:10], "bob", "ready"]
    assert {"out", "unix", "index"} <= set(words)
    assert words[-1].startswith("unix:///")


async def test_one_peer_is_told_of_in_full_by_the_first_digits_of_its_id(
    pair: Pair, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = await asked(pair.socket, f"peers {pair.peer.node_id[:8]}", capsys)
    assert (status, err) == (0, "")
    assert out.startswith(f"peer {pair.peer.node_id}\n  name      bob\n  state     ready, persistent\n")
    assert (await asked(pair.socket, "peers bob", capsys))[1].startswith(f"peer {pair.peer.node_id}\n")
    assert "connection dialed, unix:///" in out
    assert "round trip" in out


async def test_what_rules_refuse_a_peer_is_told_with_it(pair: Pair, capsys: pytest.CaptureFixture[str]) -> None:
    node = pair.node
    assert await node.set_permissions(Permissions(ask=[], channels={"blocks": Allow(tell=[])}, offer=[]))
    assert await node.set_rates(PeerRates(None, {"blocks": Rate(messages=5)}))
    _, out, _ = await asked(pair.socket, f"peers {pair.peer.node_id[:8]}", capsys)
    assert "  may not tell or ask on blocks\n" in out
    assert "  is not believed to offer index" in out
    assert "  on blocks 5 messages/s, 5 at once\n" in out


async def test_as_json_it_is_a_list_or_one_with_its_connections(pair: Pair, capsys: pytest.CaptureFixture[str]) -> None:
    peer_id = pair.peer.node_id
    (peer,) = json.loads((await asked(pair.socket, "peers --json --connected", capsys))[1])
    assert (peer["node_id"], peer["up"]) == (peer_id, True)
    one = json.loads((await asked(pair.socket, f"peers {peer_id} --json", capsys))[1])
    assert one["peer"]["node_id"] == peer_id
    assert [each["peer_id"] for each in one["connections"].values()] == [peer_id]


async def test_one_that_cannot_be_reached_says_why(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert await asked(place.socket, "peers", capsys) == (0, "no peers\n", "")
    reader = place.node.events.follow()
    await place.node.add_seed("unix:///nowhere/b.sock")
    await place.node.add_persistent("unix:///nowhere/a.sock")
    assert await reader.read()  # the dial has failed
    _, out, _ = await asked(place.socket, "peers", capsys)
    lines = [line for line in out.splitlines() if "/nowhere/a.sock" in line]
    assert len(lines) == 1
    assert lines[0].split()[:2] == ["?", "idle"]
    assert await asked(place.socket, "peers --connected", capsys) == (0, "no peers\n", "")


async def test_a_peer_that_is_not_known_is_an_error(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = await asked(place.socket, f"peers {'f' * 64}", capsys)
    assert (status, out) == (1, "")
    assert "is no peer that this node knows" in err


async def test_a_peer_is_forgotten_unless_it_is_connected(pair: Pair, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = await asked(pair.socket, f"peers forget {pair.peer.node_id[:8]}", capsys)
    assert (status, out) == (1, "")
    assert "is connected" in err
    await pair.peer.aclose()
    await eventually(lambda: not pair.node.peers)
    status, out, err = await asked(pair.socket, f"peers forget {pair.peer.node_id[:8]}", capsys)
    assert (status, err) == (0, "")
    assert out.startswith(f"{pair.peer.node_id[:10]} is forgotten")


@pytest.mark.parametrize("words", ["peers forget", "peers 3f2a91 3f2a92"])
async def test_words_that_say_no_one_peer_are_an_error(
    words: str, place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = await asked(place.socket, words, capsys)
    assert status != 0
    assert out == ""
    assert "peers forget ID" in err
