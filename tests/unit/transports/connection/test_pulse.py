"""A connection's PINGs go out on time, and a peer that answers none is given up once."""

from __future__ import annotations

import asyncio
from contextvars import copy_context

from kept_writer import KeptWriter
from virtual_time import in_virtual_time

from peerbus.transports.connection.pulse import Pulse
from peerbus.transports.lanes.outbox import Outbox
from peerbus.transports.lanes.request_ids import RequestIds
from peerbus.transports.wire.frame_decoder import FrameDecoder
from peerbus.transports.wire.frames import FRAME_LIMIT, Ping


class Wrist:
    """A pulse, and the tokens of what it has sent."""

    def __init__(self) -> None:
        self.silences: list[float] = []
        self.looks = 0
        self.writer = KeptWriter()
        self.outbox = Outbox(RequestIds(), lambda lane, outgoing, error: None)
        self.loop = asyncio.get_running_loop()
        self.pulse = Pulse(
            self.loop,
            copy_context(),
            self.outbox,
            self.writer,
            interval=1.0,
            silent=lambda: self.silences.append(self.loop.time()),
            look=self._look,
        )

    def _look(self) -> None:
        self.looks += 1

    def sent(self) -> list[int]:
        data = b"".join(map(bytes, self.outbox.fill(self.loop.time(), 1 << 16)))
        return [frame.token for frame in FrameDecoder(FRAME_LIMIT).feed(data) if isinstance(frame, Ping)]


@in_virtual_time
async def test_the_first_ping_goes_at_once_and_one_each_interval_then() -> None:
    wrist = Wrist()
    wrist.pulse.start()
    assert wrist.sent() == [1]
    for token in (2, 3, 4):
        wrist.pulse.came(wrist.loop.time())
        await asyncio.sleep(1.01)
        assert wrist.sent() == [token]
    assert wrist.writer.scheduled == 4
    wrist.pulse.stop()


@in_virtual_time
async def test_an_answer_tells_how_far_the_peer_is() -> None:
    wrist = Wrist()
    wrist.pulse.start()
    measured = [wrist.pulse.rtt]
    await asyncio.sleep(0.25)
    for _ in range(2):
        wrist.pulse.ponged(1)
        measured.append(wrist.pulse.rtt)
    assert measured == [None, 0.25, 0.25]
    assert wrist.pulse.unsolicited == 1
    wrist.pulse.stop()


@in_virtual_time
async def test_a_peer_that_is_silent_for_longer_than_its_patience_is_given_up_once() -> None:
    wrist = Wrist()
    began, patience = wrist.loop.time(), wrist.pulse.patience
    wrist.pulse.start()
    await asyncio.sleep(10 * patience)
    (silence,) = wrist.silences
    assert abs(silence - began - patience) < 0.01


@in_virtual_time
async def test_one_that_was_stopped_is_silent_itself() -> None:
    wrist = Wrist()
    wrist.pulse.start()
    wrist.pulse.stop()
    wrist.sent()
    await asyncio.sleep(1000)
    assert (wrist.sent(), wrist.silences) == ([], [])


@in_virtual_time
async def test_a_look_that_ends_the_connection_ends_the_pulse() -> None:
    wrist = Wrist()
    wrist.pulse = Pulse(
        wrist.loop,
        copy_context(),
        wrist.outbox,
        wrist.writer,
        interval=1.0,
        silent=lambda: None,
        look=lambda: wrist.pulse.stop(),  # noqa: PLW0108  # that pulse is made by this call
    )
    wrist.pulse.start()
    sent = wrist.sent()
    await asyncio.sleep(5.0)
    assert sent == [1]
    assert wrist.sent() == [], "nothing is sent any more, and no timer is left"
