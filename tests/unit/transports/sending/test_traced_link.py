"""What is sent to a peer in the name of a traced send leaves with its trace, whatever way it goes; the rest without."""

from __future__ import annotations

import asyncio
import contextlib

from link_lines import Get, Line, hello_of
from spans import Spans, attribute

from peerbus.actors import LOCAL
from peerbus.actors.sends import Tracer
from peerbus.transports.sending.link import PeerLink
from peerbus.transports.sending.traced_link import TracedLink
from peerbus.transports.wire import TRACED_DECODERS, FrameDecoder, TracedAsk, TracedTell, read_traces
from peerbus.transports.wire.frames import FRAME_LIMIT, Credit


class TracedLine(Line):
    """A line with a link that is traced."""

    def __init__(self, window: int = 8) -> None:
        self.spans = Spans()
        self.tracer: Tracer = self.spans.tracing().tracer_for("alice")
        super().__init__(window)
        self.decoder = FrameDecoder(FRAME_LIMIT, TRACED_DECODERS)

    def made(self, window: int = 8) -> PeerLink:
        peer = hello_of("b" * 64, window)
        return TracedLink(self.bus, hello_of("a" * 64), peer, self.codecs, self.writer, self.tracer)

    def traced(self) -> contextlib.AbstractContextManager[object]:
        """In the name of a send that is traced."""
        sending = self.tracer.sending("ask", LOCAL / "first", Get(0), 5.0)
        assert sending is not None
        return sending.current()

    def ask(self, channel: str, number: int, timeout: float, padding: int = 0) -> asyncio.Future[object]:
        with self.traced():
            return super().ask(channel, number, timeout, padding)

    def places(self) -> list[tuple[int, list[int]]]:
        """Of each frame with messages that was written: how many there are, and which of them are traced."""
        frames = [frame for frame in self.written() if isinstance(frame, TracedTell | TracedAsk)]
        return [(len(frame.items), sorted(read_traces(frame.traces))) for frame in frames]


def test_tells_of_one_turn_share_a_frame_and_each_has_its_trace() -> None:
    line = TracedLine()
    with line.traced():
        for number in range(3):
            line.link.tell("first", Get(number), None, 5.0)
    assert line.places() == [(3, [0, 1, 2])]
    assert len(line.spans.named("wait first", queue="outbox")) == 3
    line.close()


def test_an_ask_has_its_trace_and_is_written_at_once_where_nothing_is_under_way() -> None:
    line = TracedLine()
    line.ask("first", 1, 5.0)
    assert line.places() == [(1, [0])]
    (wait,) = line.spans.named("wait first")
    assert attribute(wait, "peer") == "b" * 64
    line.close()


def test_what_waits_for_credit_has_its_trace_when_it_leaves() -> None:
    line = TracedLine(window=1)
    first, second = line.ask("first", 1, 50.0), line.ask("first", 2, 50.0)
    line.settle()

    async def told() -> None:
        with line.traced():
            outcome = line.link.tell("second", Get(1), None, 50.0)
            waits = asyncio.ensure_future(_wait(line.link.tell("second", Get(2), None, 50.0)))
        await outcome
        await asyncio.sleep(0)
        line.places()
        size = line.link.lanes.by_name["second"].unconfirmed.bytes
        line.link.credited(Credit([(1, 1, size), (0, 1, line.link.lanes.by_name["first"].unconfirmed.bytes)]))
        await waits

    line.loop.run_until_complete(told())
    assert sorted(line.places()) == [(1, [0]), (1, [0])]
    assert len(line.spans.named("wait first", queue="credit")) == 1
    assert len(line.spans.named("wait second", queue="credit")) == 1
    first.cancel()
    second.cancel()
    line.close()


async def _wait(outcome: object) -> None:
    await outcome  # type: ignore[misc]  # an outcome
