"""An advert names one node, where this node has reached it, and what that node signed."""

from __future__ import annotations

import dataclasses

import pytest

from peerbus.discovery.records.advert import Advert
from peerbus.transports.streams.endpoint import Endpoint

PLACE = Endpoint.parse("tcp://10.0.0.1:7400")


def test_it_is_a_value_whose_fields_are_named() -> None:
    advert = Advert(node_id="a" * 64, verified=(PLACE,))
    assert advert == dataclasses.replace(advert)
    assert (advert.roles, advert.record) == ((), None)
    with pytest.raises(dataclasses.FrozenInstanceError):
        advert.roles = ("archive",)  # type: ignore[misc]  # the point
    with pytest.raises(TypeError):
        Advert("a" * 64, (PLACE,))  # type: ignore[call-arg]  # the point
