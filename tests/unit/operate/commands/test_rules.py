"""`peerbus permissions` and `peerbus rates`: the rules for peers, shown and changed."""

from __future__ import annotations

import json

import pytest
from administered import Place
from command_line import asked
from pairs import Pair

from peerbus.actors import Rate
from peerbus.node import Allow, PeerRates, Permissions

ID = "ab" * 32


async def test_permissions_are_shown_and_changed_a_list_at_a_time(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = await asked(place.socket, "permissions", capsys)
    assert (status, err) == (0, "")
    assert out.startswith("everybody may do everything\nto change it: ")
    for words in (
        "permissions --tell nobody",
        f"permissions --channel blocks --tell {ID} --tell role:writer",
        "permissions --channel blocks --ask *",
        "permissions --role archive --offer role:archive",
    ):
        status, out, err = await asked(place.socket, words, capsys)
        assert status == 0
        assert ("stands for nobody" in err) == ("role:" in words)
    assert out.splitlines() == [
        "tell   nobody",
        "ask    everybody",
        "offer  everybody",
        f"channel blocks  tell: {ID}, role:writer; ask: everybody",
        "role archive  role:archive",
    ]
    assert place.node.permissions == Permissions(
        tell=[],
        channels={"blocks": Allow(tell=[ID, "role:writer"], ask=["*"])},
        roles={"archive": ["role:archive"]},
    )
    seen = json.loads((await asked(place.socket, "permissions --json", capsys))[1])
    assert seen["channels"] == {"blocks": {"tell": [ID, "role:writer"], "ask": ["*"]}}
    await asked(place.socket, "permissions --channel blocks --default", capsys)
    assert place.node.permissions == Permissions(tell=[], roles={"archive": ["role:archive"]})
    await asked(place.socket, "permissions --default", capsys)
    assert place.node.permissions == Permissions()


async def test_a_peer_may_be_written_by_its_name_and_the_rule_has_its_id(
    pair: Pair, capsys: pytest.CaptureFixture[str]
) -> None:
    peer_id = pair.peer.node_id
    for said in ("bob", peer_id[:8], peer_id):
        status, out, err = await asked(pair.socket, f"permissions --channel blocks --tell {said}", capsys)
        assert (status, err) == (0, "")
        assert out.splitlines()[-1] == f"channel blocks  tell: {peer_id}"
        assert out.startswith(f"{said} is {peer_id}\n") == (said != peer_id)
        assert pair.node.permissions == Permissions(channels={"blocks": Allow(tell=[peer_id])})
    status, out, err = await asked(pair.socket, "permissions --channel blocks --tell bobb", capsys)
    assert (status, out) == (2, "")
    assert "did you mean 'bob'?" in err
    status, out, err = await asked(pair.socket, "permissions --tell 0123456789", capsys)
    assert (status, out) == (1, "")
    assert "is no peer that this node knows" in err


async def test_what_stands_for_nobody_without_an_authority_is_said(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, err = await asked(place.socket, "permissions --channel blocks --tell role:writer --tell zone=eu", capsys)
    assert (status, "role:writer, zone=eu stands for nobody" in err) == (0, True)
    assert (await asked(place.socket, "permissions", capsys))[2] == ""


async def test_a_channel_that_is_none_is_refused_with_the_nearest(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in ("permissions --channel blcoks --tell *", "rates --channel blcoks --messages 5"):
        status, out, err = await asked(place.socket, words, capsys)
        assert (status, out) == (2, "")
        assert "this node knows no channel 'blcoks'; did you mean 'blocks'?" in err
    assert (place.node.permissions, place.node.rates) == (Permissions(), PeerRates())


async def test_rates_are_shown_and_changed(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = await asked(place.socket, "rates", capsys)
    assert status == 0
    assert out.startswith("no limit but those that channels have of themselves")
    await asked(place.socket, "rates --messages 1000 --messages-burst 2000 --asks 64", capsys)
    status, out, err = await asked(place.socket, "rates --channel blocks --bytes 5e6", capsys)
    assert (status, err) == (0, "")
    assert out.splitlines() == [
        "each peer on each channel  1000 messages/s, 2000 at once; 64 asks in flight",
        "each peer on blocks  5e+06 bytes/s, 5e+06 at once",
    ]
    await asked(place.socket, "rates --channel blocks --none", capsys)
    assert place.node.rates.channels == {}
    await asked(place.socket, "rates --none", capsys)
    assert place.node.rates == PeerRates()


@pytest.mark.parametrize(
    ("words", "about"),
    [
        ("permissions --tell somebody", "'somebody' stands for nobody"),
        ("permissions --tell zone=*", "the value of an attribute is written out"),
        ("permissions --peer alice --default", "it goes alone"),
        ("permissions --tell nobody --tell *", "nobody stands alone"),
        ("permissions --channel blocks", "--channel goes with --tell, --ask, or both"),
        ("permissions --role archive --tell *", "--role goes with --offer"),
        ("permissions --role archive --channel blocks --tell *", "write one of them"),
        ("permissions --channel blocks --default", "there is no rule of its own for 'blocks'; there is for none"),
        ("permissions --default --tell *", "--default takes rules away"),
        ("rates --messages 0", "'0' is no number above 0"),
        ("rates --messages-burst 5", "needs a rate"),
        ("rates --channel blocks", "--channel goes with a limit"),
        ("rates --none --asks 3", "--none is no limit: it goes without --asks"),
        ("rates --channel blocks --none", "there is no rule of its own for 'blocks'"),
    ],
)
async def test_what_cannot_be_is_said_and_changes_nothing(
    words: str, about: str, place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, err = await asked(place.socket, words, capsys)
    assert status == 2
    assert about in err
    assert (place.node.permissions, place.node.rates) == (Permissions(), PeerRates())


@pytest.mark.parametrize("flag", ["--messages", "--bytes"])
@pytest.mark.parametrize("number", ["nan", "inf", "1e999", "0", "-1", "ten"])
async def test_what_is_no_rate_sets_none_and_takes_none_away(
    flag: str, number: str, place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (await asked(place.socket, "rates --messages 10", capsys))[0] == 0
    status, out, err = await asked(place.socket, f"rates {flag}={number}", capsys)
    assert (status, out) == (2, "")
    assert "is no number above 0" in err
    assert place.node.rates == PeerRates(each=Rate(messages=10.0))
