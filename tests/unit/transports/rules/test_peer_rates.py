"""How much each peer may send on which channel."""

from __future__ import annotations

from peerbus.actors import Rate
from peerbus.transports.rules import PeerRates


def test_what_names_a_channel_stands_above_what_it_says_itself_and_that_above_all_others() -> None:
    each, own, named = Rate(messages=1), Rate(messages=2), Rate(messages=3)
    rates = PeerRates(each, {"blocks": named})
    assert [rates.on("blocks", own), rates.on("notes", own), rates.on("notes", None)] == [named, own, each]
    assert PeerRates().on("blocks", None) is None


def test_the_buss_own_channels_go_by_what_names_them() -> None:
    each = Rate(messages=1)
    assert PeerRates(each).on("peerbus.pex", None) is None
    assert PeerRates(None, {"peerbus.pex": each}).on("peerbus.pex", None) == each


def test_people_read_each_limit() -> None:
    assert str(PeerRates()) == "no limit"
    assert PeerRates(Rate(asks=2), {"blocks": Rate(bytes=9.5)}).lines() == [
        "each peer on each channel: 2 asks in flight",
        "each peer on blocks: 9.5 bytes/s, 10 at once",
    ]
