"""A wrong hash says both, and is no error of the wire: the connection goes on, without that channel."""

from __future__ import annotations

from peerbus.actors.base import PeerbusError
from peerbus.transports.wire import WrongHash


def test_it_is_for_the_connection_alone_and_no_error_of_a_send() -> None:
    assert not issubclass(WrongHash, PeerbusError)
    assert str(WrongHash("one, not the other")) == "one, not the other"
