from __future__ import annotations

import pytest
from crunching import Counter
from inside_pairs import inside_scene

from peerbus.actors import LOCAL, ProtocolError
from peerbus.transports.receiving.inside_receive import InsideReceiveSide
from peerbus.transports.wire import FIRST_STRANGER, SenderFrame


async def test_senders_of_the_other_process_are_local_and_strangers_are_introduced_in_their_order() -> None:
    async with inside_scene() as scene:
        await scene.add(Counter)
        side = scene.ends[0]._receive
        assert isinstance(side, InsideReceiveSide)
        assert side.sender_of(0) is None
        assert side.sender_of(1) == LOCAL / "counter"
        side.introduced(SenderFrame(FIRST_STRANGER, f"bus://{'cd' * 32}/third"))
        assert str(side.sender_of(FIRST_STRANGER)) == f"bus://{'cd' * 32}/third"
        for frame in (
            SenderFrame(FIRST_STRANGER, "bus://local/third"),
            SenderFrame(FIRST_STRANGER + 1, "nowhere"),
            SenderFrame(FIRST_STRANGER + 1, "bus://all/third"),
        ):
            with pytest.raises(ProtocolError):
                side.introduced(frame)
        with pytest.raises(ProtocolError):
            side.sender_of(FIRST_STRANGER + 1)
