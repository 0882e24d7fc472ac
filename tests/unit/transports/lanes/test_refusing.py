"""What stands in the place of a codec where a peer may not send."""

from __future__ import annotations

import pytest

from peerbus.actors import NotAllowed
from peerbus.transports.lanes.refusing import Refusing


def test_it_reads_nothing_and_says_why() -> None:
    refusing = Refusing("ask")
    assert refusing.decoders == []
    with pytest.raises(NotAllowed, match="does not let this peer ask on that channel"):
        refusing.decode(1, b"\xc1 no message at all")
