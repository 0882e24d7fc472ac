from __future__ import annotations

import pytest
from crunching import Blob, Count, Counter, Store

from peerbus.actors import DeadlineExceeded, MessageTypeError, RemoteError
from peerbus.node.workers.packed_items import PackedItems
from peerbus.node.workers.talk import PackedItem, failure_of
from peerbus.transports.wire import ChannelCodec

CODEC = ChannelCodec(Counter.channel)


def test_items_come_as_what_they_were_and_the_last_may_say_how_it_ended() -> None:
    items = PackedItems(CODEC, Count(2))
    packed = [items.wrap(Blob(b"one")), items.wrap(Blob(b"two"))]
    assert items.unwrap(packed) == [Blob(b"one"), Blob(b"two")]
    assert items.end() == (False, None)
    failed = PackedItem(0, b"", failed=failure_of(DeadlineExceeded("late", phase="idle")))
    assert items.unwrap([items.wrap(Blob(b"three")), failed]) == [Blob(b"three")]
    said, error = items.end()
    assert said
    assert isinstance(error, DeadlineExceeded)
    assert (error.phase, error.message) == ("idle", Count(2))


def test_an_answer_is_the_last_one_too_and_what_cannot_be_read_is_an_error() -> None:
    number, payload = CODEC.encode_reply(7, 100)
    items = PackedItems(CODEC, Store())
    assert items.unwrap([PackedItem(number, payload, answer=True)]) == []
    assert items.end() == (True, 7)
    broken = PackedItems(CODEC, Count(2))
    broken.unwrap([PackedItem(99, b"\xc1", answer=True)])
    assert isinstance(broken.end()[1], MessageTypeError)
    refused = PackedItems(CODEC, Count(2))
    refused.unwrap([PackedItem(0, b"", failed=failure_of(RemoteError("sad", "no")))])
    assert isinstance(refused.end()[1], RemoteError)
    with pytest.raises(MessageTypeError):  # the items of `Count` are blobs
        refused.unwrap([PackedItem(number, payload)])
    with pytest.raises(MessageTypeError):
        items.wrap(object())
