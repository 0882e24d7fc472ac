from __future__ import annotations

import asyncio
import socket

from peerbus.node.workers.cuts import NOTICED_AFTER, notice_cuts
from peerbus.transports.streams import Endpoint, TcpTransport, stream_of_pair


async def test_a_network_that_is_cut_is_noticed_within_seconds_by_tcp_itself() -> None:
    transport = TcpTransport(plaintext=True)
    listener = await transport.listen(Endpoint.parse("tcp://127.0.0.1:0"))
    dialed, accepted = await asyncio.gather(
        transport.dial(listener.endpoint, expect=None, timeout=5), listener.accept()
    )
    notice_cuts(dialed)
    sock = dialed.transport.get_extra_info("socket")
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == NOTICED_AFTER * 1000
    idle, every, times = (
        sock.getsockopt(socket.IPPROTO_TCP, each)
        for each in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
    )
    assert idle + every * times <= NOTICED_AFTER
    for stream in (dialed, accepted):
        await stream.aclose()
    await listener.aclose()


async def test_of_a_socket_pair_nothing_is_asked() -> None:
    one, two = socket.socketpair()
    stream = await stream_of_pair(one, "a")
    notice_cuts(stream)
    await stream.aclose()
    two.close()
