"""Items that come with a message are read once, and where none come that is said."""

from __future__ import annotations

import pytest

from peerbus.actors import MessageTypeError
from peerbus.actors.streams.incoming import Incoming, ItemsIn


def test_a_message_without_items_says_how_to_send_them() -> None:
    with pytest.raises(MessageTypeError, match=r"no items come with this str: send it with open\(\)"):
        ItemsIn.of("message", None)
    assert not isinstance("reply", Incoming)
