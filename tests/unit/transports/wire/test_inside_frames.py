from __future__ import annotations

import pytest

from peerbus.actors import ProtocolError
from peerbus.transports.wire import FIRST_STRANGER, INSIDE, MOST_STRANGERS, Ping, SenderFrame
from peerbus.transports.wire.frame_decoder import decode_body
from peerbus.transports.wire.frame_encoder import FrameEncoder


def test_processes_of_one_node_name_senders_and_peers_have_no_such_frame() -> None:
    frame = SenderFrame(FIRST_STRANGER + 2, "bus://local/third")
    body = FrameEncoder().encode(frame)[4:]  # type: ignore[arg-type]  # a kind that peers have not
    assert repr(decode_body(body, INSIDE)) == repr(frame)
    assert decode_body(FrameEncoder().encode(Ping(7))[4:], INSIDE) == Ping(7)
    with pytest.raises(ProtocolError, match="unknown_kind"):
        decode_body(body)


@pytest.mark.parametrize("number", [0, FIRST_STRANGER - 1, FIRST_STRANGER + MOST_STRANGERS])
def test_a_number_that_is_a_reactors_or_too_large_is_refused(number: int) -> None:
    with pytest.raises(ProtocolError):
        decode_body(FrameEncoder().encode(SenderFrame(number, "bus://local/x"))[4:], INSIDE)  # type: ignore[arg-type]  # as above
