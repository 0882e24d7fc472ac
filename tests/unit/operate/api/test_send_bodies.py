"""What goes with a send waits for ten seconds if nothing is said, and what came of it leaves out what is empty."""

from __future__ import annotations

import msgspec
import pytest

from peerbus.operate.api import PATIENCE, Failure, SendBody, Sent


def test_a_send_has_its_defaults() -> None:
    wanted = msgspec.json.decode(b'{"to": "bus://local/blocks", "type": "Get"}', type=SendBody)
    assert (wanted.message, wanted.timeout, wanted.wait_for_peer) == ({}, PATIENCE, False)


def test_a_field_that_nobody_knows_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        msgspec.json.decode(b'{"to": "bus://local/blocks", "type": "Get", "wait": 1}', type=SendBody)


def test_what_is_empty_is_left_out() -> None:
    assert msgspec.json.encode(Sent(True)) == b'{"sent":true}'
    told = msgspec.to_builtins(Sent(False, (), {"ab": Failure("peer_gone", "it went")}))
    assert told == {"sent": False, "failed": {"ab": {"error": "peer_gone", "text": "it went"}}}
