"""Each lever does what it says, says what it did, and what is refused is an exit status."""

from __future__ import annotations

import json

import pytest
from administered import Place
from command_line import asked
from pairs import Pair
from virtual_time import eventually

FAR = "unix:///nowhere/a.sock"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("ban 10.1.0.0/16 --for 10m --reason loud", "10.1.0.0/16 is banned for 10 min"),
        ("ban 10.1.0.7", "10.1.0.7/32 is banned for ever"),
        (f"dial {FAR}", f"{FAR} is dialed, and kept"),
        (f"persist {FAR}", f"{FAR} is dialed for ever, and a slot is kept for it"),
        (f"seed {FAR}", f"{FAR} is a seed"),
        ("offer archive{from=7}", "archive{from=7} is offered"),
        ("withdraw archive", "archive is offered no longer"),
        ("drain --within 10ms", "the node is empty: it dials nobody and lets nobody in, until peerbus undrain"),
        ("log warning", "the node logs from warning up"),
    ],
)
async def test_what_was_done_is_said(
    words: str, says: str, place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("peerbus.operate.admin.steering.set_level", lambda level: None)
    assert await asked(place.socket, words, capsys) == (0, f"{says}\n", "")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("unban 10.1.0.0/16", "10.1.0.0/16 is not banned"),
        (f"persist {FAR} --remove", "is no persistent peer's address"),
        (f"seed {FAR} --remove", "is no seed's address"),
        ("withdraw index", "alice does not offer 'index'"),
        ("undrain", "this node is not being emptied"),
        ("dial ffff", "ffff is no peer that this node knows"),
        (f"score {'f' * 64} 3", "is not known"),
        (f"disconnect {'f' * 64}", "is not known"),
        (f"ban {'f' * 63}", "is no peer that this node knows"),
    ],
)
async def test_what_is_refused_fails_in_one_line(
    words: str, why: str, place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = await asked(place.socket, words, capsys)
    assert (status, out) == (1, "")
    assert why in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("ban 10.0.0.0/99", "is no node id (64 hex digits), IP address or network"),
        ("ban 10.0.0.1 --for never", "--for is 'never'"),
        ("dial tcp://0.0.0.0:7400", "cannot be dialed"),
        ("dial alice", "nor an endpoint"),
        ("ban 10.0.0.1 --for 90", "Write its unit"),
        ("persist alice", "ENDPOINT"),
        ("drain --within -1", "--within"),
        (f"score {'f' * 64} high", "SCORE is 'high'"),
        (f"score {'f' * 64} nan", "SCORE is 'nan'; write a number"),
        ("log loud", "invalid choice: 'loud'"),
    ],
)
async def test_what_is_written_wrongly_changes_nothing_and_is_status_2(
    words: str, why: str, place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = await asked(place.socket, words, capsys)
    assert (status, out) == (2, "")
    assert why in err


async def test_what_was_done_is_done_and_is_undone(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    for words in ("ban 10.1.0.0/16", f"persist {FAR}", f"seed {FAR}1", "offer index", "drain --within 10ms"):
        assert (await asked(place.socket, words, capsys))[0] == 0
    assert [ban.target for ban in place.node.overview().bans] == ["10.1.0.0/16"]
    assert {str(a.endpoint) for peer in place.node.peers_page().peers for a in peer.addresses} == {FAR, f"{FAR}1"}
    assert set(place.node.offers) == {"archive", "index"}
    assert place.node.overview().draining
    out = ""
    for words in (
        "unban 10.1.0.0/16", f"persist {FAR} --remove", f"seed {FAR}1 --remove", "withdraw index", "undrain --json",
    ):  # fmt: skip
        status, out, _ = await asked(place.socket, words, capsys)
        assert status == 0
    assert json.loads(out)["done"] is True
    assert place.node.overview().bans == ()
    assert set(place.node.offers) == {"archive"}
    assert not place.node.overview().draining


async def test_peers_are_named_by_the_first_digits_of_their_ids(pair: Pair, capsys: pytest.CaptureFixture[str]) -> None:
    short = pair.peer.node_id[:6]
    assert "a slot is kept" in (await asked(pair.socket, f"score {short} 50", capsys))[2]
    assert "is ready" in (await asked(pair.socket, f"dial {short}", capsys))[2]
    assert (await asked(pair.socket, f"disconnect {short}", capsys))[1] == f"parted with {pair.peer.node_id[:10]}\n"
    assert (await asked(pair.socket, f"ban {short}", capsys))[0] == 0
    await eventually(lambda: not pair.node.peers)
    assert [ban.target for ban in pair.node.overview().bans] == [pair.peer.node_id]
    assert (await asked(pair.socket, f"unban {short}", capsys))[0] == 0
    assert pair.node.overview().bans == ()
    assert (await asked(pair.socket, f"persist unix://{pair.socket.parent}/bob.sock --remove", capsys))[0] == 0
    assert (await asked(pair.socket, f"score {short} 50", capsys))[0] == 0
    assert (await asked(pair.socket, f"score {short} earned", capsys))[0] == 0


async def test_a_peer_is_named_by_its_name_where_that_is_one_peers(
    pair: Pair, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, err = await asked(pair.socket, "ban bbo", capsys)
    assert (status, "did you mean 'bob'?" in err) == (2, True)
    assert "bob" in (await asked(pair.socket, "disconnect zzzzz", capsys))[2]
    assert (await asked(pair.socket, f"persist unix://{pair.socket.parent}/bob.sock --remove", capsys))[0] == 0
    assert (await asked(pair.socket, "score bob 7", capsys))[0] == 0
    status, out, err = await asked(pair.socket, "ban bob", capsys)
    assert (status, err) == (0, "")
    assert f"{pair.peer.node_id} is banned" in out
    assert [ban.target for ban in pair.node.overview().bans] == [pair.peer.node_id]
