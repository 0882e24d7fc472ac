"""What may not be sent has no number where a send looks it up."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from peerbus.actors import Channel
from peerbus.actors.routing import Purpose
from peerbus.transports.lanes.send_rights import SendRights, not_allowed
from peerbus.transports.wire.hello import NO_ASKS, NO_TELLS
from peerbus.transports.wire.payload import ChannelCodec


@dataclass(frozen=True)
class Get:
    number: int


CODEC = ChannelCodec(Channel("blocks", messages=(Get,)))
LATER = 128


@pytest.mark.parametrize(
    ("refused", "verbs"),
    [(0, ()), (NO_TELLS, ("tell",)), (NO_ASKS, ("ask",)), (NO_TELLS | NO_ASKS, ("tell", "ask")), (LATER, ())],
)
def test_each_bit_takes_away_what_it_says_and_no_more(refused: int, verbs: tuple[str, ...]) -> None:
    rights = SendRights(CODEC, refused)
    assert rights.verbs == verbs
    assert [rights.forbids(ask=ask) for ask in (False, True)] == ["tell" in verbs, "ask" in verbs]
    may = {purpose: bool(rights.kinds[purpose]) for purpose in Purpose}
    assert may == {
        Purpose.TELL: "tell" not in verbs,
        Purpose.ASK: "ask" not in verbs,
        Purpose.ASK_AS: "ask" not in verbs,
    }
    assert rights.tellable in (CODEC.numbers, {})


def test_before_it_is_known_what_can_be_sent_nothing_is() -> None:
    rights = SendRights(None, NO_ASKS)
    assert rights.kinds == ({}, {}, {})
    assert rights.forbids(ask=True)


def test_the_error_says_who_refuses_what_and_has_the_message() -> None:
    error = not_allowed("peer ab", "blocks", Get(7), ask=False)
    assert str(error).startswith("peer ab does not let this node tell on channel 'blocks'")
    assert error.message == Get(7)
