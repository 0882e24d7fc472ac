"""What follows from several facts is done in their order."""

from __future__ import annotations

import dataclasses

import pytest

from peerbus.discovery.facts.commands import Accept, Attempt, Changes, CloseConnection, Dial, Refuse
from peerbus.discovery.facts.connection_view import Direction
from peerbus.discovery.facts.events import PeerDown, PeerUp
from peerbus.transports.streams.endpoint import Endpoint

A = "a" * 64
UP, DOWN = PeerUp(A, 1, Direction.DIALED), PeerDown(A, "restarted")
CLOSE = CloseConnection(A, "old", "superseded")


def test_changes_add_up_in_order_and_none_change_nothing() -> None:
    first, second = Changes((DOWN,), (CLOSE,)), Changes((UP,))
    assert first + second == Changes((DOWN, UP), (CLOSE,))
    assert second + first == Changes((UP, DOWN), (CLOSE,))
    assert first + Changes() == Changes() + first == first


def test_commands_are_values_that_nobody_changes() -> None:
    dial = Dial(1, Endpoint.parse("tcp://10.0.0.1:7000"), None)
    for each in (dial, Attempt(A, 1, "key", dial), Accept(), Refuse("full", "all slots are taken"), CLOSE):
        assert each == dataclasses.replace(each)
        for field in dataclasses.fields(each):
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(each, field.name, None)
