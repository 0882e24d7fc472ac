"""The rules for peers as JSON: without a field they are those of a node to which nobody has said any."""

from __future__ import annotations

import msgspec
import pytest

from peerbus.node import PeerRates, Permissions
from peerbus.operate.api import AllowBody, PermissionsBody, RateBody, RatesBody


def test_nothing_said_is_what_a_node_has_by_itself() -> None:
    body, open_to_all = msgspec.json.decode(b"{}", type=PermissionsBody), Permissions()
    assert (body.tell, body.ask, body.offer) == tuple(
        who.texts for who in (open_to_all.tell, open_to_all.ask, open_to_all.offer)
    )
    assert (body.channels, body.roles) == ({}, {})
    assert msgspec.json.decode(b"{}", type=RatesBody).each is None
    assert PeerRates().each is None


@pytest.mark.parametrize("kind", [AllowBody, PermissionsBody, RateBody, RatesBody])
def test_a_field_that_nobody_knows_is_refused(kind: type) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"forever": true}', type=kind)
