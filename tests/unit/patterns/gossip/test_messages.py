"""What members of a gossip say: bounded, and the channel has the items first."""

from __future__ import annotations

import pytest

from peerbus.actors import Message, MessageTypeError
from peerbus.actors.messages import encoding_of
from peerbus.patterns import gossip_channel
from peerbus.patterns.gossip.messages import GOSSIP_MESSAGES, MAX_IDS, MAX_PUSHED, Carried, Digest, Have, Push, Want


class Note(Message):
    text: str


class Other(Message):
    number: int


def test_the_channel_declares_its_items_and_what_members_say() -> None:
    channel = gossip_channel("notes", Note, Other, priority=2, window=7)
    assert channel.messages == (Note, Other, *GOSSIP_MESSAGES)
    assert (channel.name, channel.priority, channel.window) == ("notes", 2, 7)


@pytest.mark.parametrize(
    "message",
    [
        Have((b"x" * 16,) * (MAX_IDS + 1)),
        Have((b"short",)),
        Want((b"x" * 17,)),
        Push((Carried("Note", b"", 0.0),) * (MAX_PUSHED + 1)),
        Push((Carried("Note", b"", -1.0),)),
        Digest((b"",) * 65),
        Digest((b"x" * 17,)),
    ],
)
def test_more_than_may_be_is_malformed(message: Message) -> None:
    encoding = encoding_of(type(message))
    with pytest.raises(MessageTypeError):
        encoding.decode(encoding.encode(message))
