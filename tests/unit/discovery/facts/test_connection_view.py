"""One connection to a peer, as the peer manager knows it."""

from __future__ import annotations

import pytest

from peerbus.discovery.facts.connection_view import Direction, PeerConnectionView
from peerbus.transports.streams.endpoint import Endpoint

PLACE = Endpoint("tcp", host="10.0.0.1", port=1)


def link(direction: Direction, incarnation: int = 1) -> PeerConnectionView:
    return PeerConnectionView("key", incarnation, PLACE if direction is Direction.DIALED else None)


@pytest.mark.parametrize("direction", list(Direction))
def test_the_direction_is_known_by_the_endpoint_that_was_dialed(direction: Direction) -> None:
    assert link(direction).direction is direction
