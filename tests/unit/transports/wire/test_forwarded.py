from __future__ import annotations

import pytest

from peerbus.transports.wire import Forwarded


def test_it_is_compared_by_what_travels_shows_no_bytes_and_is_no_key() -> None:
    message = Forwarded(3, b"secret", "Job")
    assert message == Forwarded(3, b"secret")
    assert message != Forwarded(4, b"secret")
    assert message != (3, b"secret")
    assert (repr(message), repr(Forwarded(0, b""))) == ("<Job, 6 bytes, unread>", "<answer, 0 bytes, unread>")
    with pytest.raises(TypeError):
        hash(message)
