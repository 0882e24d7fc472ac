from __future__ import annotations

import socket

from peerbus.transports.streams import stream_of_pair


async def test_the_two_ends_carry_bytes_both_ways_and_prove_nobody() -> None:
    one, two = socket.socketpair()
    left, right = await stream_of_pair(one, "worker/a"), await stream_of_pair(two, "worker/b")
    left.write(b"there")
    right.write(b"and back")
    assert (await right.read(), await left.read()) == (b"there", b"and back")
    assert (left.peer_id, left.secure, str(left.remote)) == (None, False, "unix:///worker/a")
    await left.aclose()
    assert await right.read() == b""
    await right.aclose()
