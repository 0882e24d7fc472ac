"""Asks over a link: whatever a peer answers, each ends once, with its own answer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import msgpack
import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from kept_writer import KeptWriter

from peerbus.actors import Account, Bus, Channel, DeadlineExceeded, Peer, PeerGone, RemoteError
from peerbus.actors.base.errors import ProtocolError
from peerbus.actors.router import LinkUp
from peerbus.testing import VirtualLoop
from peerbus.transports.connection.link import PeerLink
from peerbus.transports.lanes.batch import ROOM
from peerbus.transports.lanes.departure import EARLY, LEAST
from peerbus.transports.wire.codecs import Codecs
from peerbus.transports.wire.frames import FRAME_LIMIT, Ask, Cancel, Credit, Error, FrameDecoder, Reply, Tell
from peerbus.transports.wire.hello import Hello
from peerbus.transports.wire.payload import PLAIN, ChannelCodec


@dataclass(frozen=True)
class Get:
    number: int
    padding: bytes = b""


FIRST, SECOND = (Channel(name, messages=(Get,), window=8) for name in ("first", "second"))
CHANNELS: dict[str, Channel[Any]] = {"first": FIRST, "second": SECOND}


def hello_of(node_id: str, window: int = 8) -> Hello:
    return Hello(
        node_id=node_id,
        network="test",
        name="node",
        incarnation=1,
        listen=(),
        offers=(),
        channels=tuple(
            msgspec.structs.replace(ChannelCodec(channel).info, messages=window) for channel in CHANNELS.values()
        ),
        agent="test",
        nonce=bytes(16),
    )


class Line:
    """A link on a bus of its own, and what it has written."""

    def __init__(self, window: int = 8) -> None:
        self.loop = VirtualLoop()
        self.bus = Bus("test")
        self.loop.run_until_complete(self.bus.__aenter__())
        self.writer = KeptWriter()
        self.codecs = Codecs(CHANNELS)
        self.link = self.made(window)
        self.decoder = FrameDecoder(FRAME_LIMIT)

    def made(self, window: int = 8) -> PeerLink:
        return PeerLink(self.bus, hello_of("a" * 64), hello_of("b" * 64, window), self.codecs, self.writer)

    def ask(self, channel: str, number: int, timeout: float, padding: int = 0) -> asyncio.Future[object]:
        deadline = self.loop.time() + timeout

        async def begin() -> asyncio.Future[object]:
            outcome = self.link.ask(channel, Get(number, bytes(padding)), sender=None, deadline=deadline, reply=object)
            return asyncio.ensure_future(_wait(outcome))

        return self.loop.run_until_complete(begin())

    def written(self) -> list[object]:
        frames: list[object] = []
        while self.link.outbox:
            data = b"".join(map(bytes, self.link.outbox.fill(self.loop.time(), 1 << 16)))
            frames += self.decoder.feed(data)
        return frames

    def settle(self, seconds: float = 0.0) -> None:
        self.loop.run_until_complete(asyncio.sleep(seconds))

    def close(self) -> None:
        self.link.lost("over")
        self.settle()
        self.loop.run_until_complete(self.bus.aclose())
        self.loop.close()


def test_an_ask_that_may_take_for_ever_travels_with_the_longest_budget_there_is() -> None:
    line = Line()
    asked = [line.ask("first", 1, timeout) for timeout in (float("inf"), 1e9)]
    (frame,) = line.written()
    assert isinstance(frame, Ask)
    assert [budget for _, budget, *_ in frame.items] == [2**32 - 1] * 2
    line.close()
    assert all(isinstance(each.exception(), PeerGone) for each in asked)


def test_asks_one_by_one_are_written_at_once_and_many_together() -> None:
    line = Line()
    hurried = []
    for crowd in (1, 1, 3, 3, 1, 1):
        asked = [line.ask("first", number, 5.0) for number in range(crowd)]
        hurried.append(line.writer.hurried)
        (frame,) = line.written()
        assert isinstance(frame, Ask)
        assert len(frame.items) == crowd
        for rid, *_ in frame.items:
            line.link.failed(Error(rid, 0, 0, "busy", "not now"))
        line.link.credited(Credit([(0, crowd, sum(len(payload) for *_, payload in frame.items))]))
        line.settle()
        assert all(isinstance(each.exception(), RemoteError) for each in asked)
    # The first of the first three could not know; after three at once, nobody hurries until one was alone.
    assert hurried == [1, 2, 3, 3, 3, 4]
    line.close()


def test_a_lone_ask_goes_past_the_outbox_where_nothing_else_is_to_be_written() -> None:
    line = Line()
    line.writer.clear = True
    first = line.ask("first", 1, 5.0)
    second = line.ask("first", 2, 5.0)  # another one is under way: it may have company
    assert line.writer.hurried == 0
    (ahead,) = line.decoder.feed(b"".join(line.writer.frames))
    (behind,) = line.written()
    assert isinstance(ahead, Ask)
    assert isinstance(behind, Ask)
    assert [rid for frame in (ahead, behind) for rid, *_ in frame.items] == [1, 2]
    assert line.link.statistics()["first"].unconfirmed == 2
    for rid in (1, 2):
        line.link.replied(Reply(0, [(rid, PLAIN, msgpack.packb(rid * 10))]))
    line.link.credited(Credit([(0, 2, sum(len(payload) for *_, payload in ahead.items + behind.items))]))
    line.settle()
    assert [first.result(), second.result()] == [10, 20]
    assert line.link.statistics()["first"].account == Account(2, 2, 0)
    line.close()


@pytest.mark.parametrize("why", ["no credit", "no time", "large"])
def test_an_ask_goes_past_the_outbox_only_with_credit_and_time_and_when_it_is_small(why: str) -> None:
    line = Line()
    if why == "no credit":
        for number in range(FIRST.window):
            line.ask("first", number, 5.0)
        for frame in line.written():
            assert isinstance(frame, Ask)
            line.link.replied(Reply(0, [(rid, PLAIN, b"\xc0") for rid, *_ in frame.items]))
        line.settle()
    line.writer.clear = True
    asked = line.ask("first", 1 << 60, 0.0 if why == "no time" else 5.0, padding=ROOM if why == "large" else 0)
    assert line.writer.frames == []
    assert [type(frame) for frame in line.written()] == ([Ask] if why == "large" else [])
    line.close()
    assert isinstance(asked.exception(), PeerGone if why != "no time" else DeadlineExceeded)


def test_an_ask_does_not_go_past_what_an_older_connection_still_carries() -> None:
    line = Line()

    async def tell() -> None:
        await line.link.tell("first", Get(1), None, 5.0)

    line.loop.run_until_complete(tell())
    line.written()  # it is on its way
    older, line.link = line.link, line.made()
    line.link.take_over(older)
    line.writer.clear = True
    asked = line.ask("first", 2, 5.0)
    assert (line.writer.frames, line.written()) == ([], [])
    older.arrived()
    assert [type(frame) for frame in line.written()] == [Ask]
    older.lost("over")
    line.close()
    assert isinstance(asked.exception(), PeerGone)


def test_a_tell_is_encoded_once_with_credit_and_without() -> None:
    line = Line(window=2)
    codec = line.codecs.get("first")
    assert codec is not None
    encode, encoded = codec.encode_fields, []

    def count(message: object) -> bytes:
        encoded.append(message)
        return encode(message)

    codec.encode_fields = count

    async def tell() -> None:
        await line.bus.tell(line.bus.router, LinkUp(line.link))
        await asyncio.sleep(0)
        to = Peer(line.link.peer_id) / FIRST
        sent = [line.bus.tell(to, Get(number)) for number in range(3)]
        late = asyncio.ensure_future(_wait(sent[2]))
        await asyncio.sleep(0)
        (frame,) = line.written()
        assert isinstance(frame, Tell)
        assert not late.done()
        line.link.credited(Credit([(0, 2, sum(len(payload) for *_, payload in frame.items))]))
        await late

    line.loop.run_until_complete(tell())
    assert encoded == [Get(0), Get(1), Get(2)]
    line.close()


def test_frames_grow_only_while_nobody_waits_for_an_answer() -> None:
    def sizes(messages: int, before: str) -> list[int]:
        line, asked = Line(window=4000), None
        if before == "ask":
            asked = line.ask("second", 1, 5.0)
            line.written()
        elif before == "other lane":
            line.link.tell("second", Get(0), None, 5.0)
        elif before == "serving":
            line.link.asked_here = iter(range(10_000)).__next__
        for number in range(messages):
            line.link.tell("first", Get(number, bytes(100)), None, 5.0)
        found = [len(frame.items) for frame in line.written() if isinstance(frame, Tell) and frame.channel == 0]
        line.close()
        assert asked is None or isinstance(asked.exception(), PeerGone)
        return found

    small, grown = sizes(2000, "ask"), sizes(2000, "")
    assert max(small) == small[0] == max(grown[:8])
    assert all(size > 1.9 * small[0] for size in grown[9:-1])
    assert sizes(2000, "other lane") == sizes(2000, "serving") == small


def test_an_ask_whose_time_was_over_before_it_was_written_is_counted_so_when_the_connection_ends() -> None:
    line = Line()
    late, gone, lost = (line.ask("first", number, timeout) for number, timeout in enumerate((0.5, 5.0, 5.0)))
    line.settle(1.0)
    gone.cancel()
    line.settle()
    line.link.lost("over")
    line.settle()
    assert isinstance(late.exception(), DeadlineExceeded)
    assert isinstance(lost.exception(), PeerGone)
    account = line.link.statistics()["first"].account
    assert account == Account(3, 0, 0, {"deadline_writer": 1, "cancelled": 1, "peer_gone": 1})
    line.close()


def test_many_asks_at_once_do_not_all_wait_for_the_last_of_them() -> None:
    line = Line(window=128)
    line.ask("first", 0, 5.0)
    assert len(line.written()) == 1  # it began alone, and is under way
    line.writer.hurried = 0
    for number in range(1, EARLY):
        line.ask("first", number, 5.0)
        if line.writer.hurried:
            break
    assert number == LEAST  # more than are under way, and enough to be begun with
    line.written()
    for _ in range(EARLY):
        line.ask("first", 1, 5.0)
        line.written()
    line.writer.hurried = 0
    for number in range(1, EARLY + 1):
        line.ask("first", number, 5.0)
    assert line.writer.hurried == 1
    line.close()


async def _wait(outcome: Any) -> object:
    return await outcome


class AskMachine(RuleBasedStateMachine):
    """Honest, late, repeated, forged and unreadable answers, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.line = Line()
        self.number = 0
        #: By number: the ask, and how it may end (None: not known yet).
        self.asks: dict[int, asyncio.Future[object]] = {}
        self.expected: dict[int, object] = {}
        #: What was written, by request id: channel index and number.
        self.open: dict[int, tuple[int, int]] = {}
        self.over: list[tuple[int, int]] = []
        self.unsolicited = 0
        #: Sizes of what was written and not granted back, by channel.
        self.owed: dict[int, list[int]] = {0: [], 1: []}

    @rule(channel=st.sampled_from(list(CHANNELS)), timeout=st.sampled_from([0.5, 5.0, float("inf")]))
    def ask(self, channel: str, timeout: float) -> None:
        self.number += 1
        self.asks[self.number] = self.line.ask(channel, self.number, timeout)
        self.expected[self.number] = None

    @rule()
    def write(self) -> None:
        for frame in self.line.written():
            if isinstance(frame, Ask):
                for rid, _, kind, _, payload in frame.items:
                    message = ChannelCodec(FIRST).decode(kind, payload)
                    assert isinstance(message, Get)
                    assert rid not in self.open, "a number that is in use"
                    self.open[rid] = (frame.channel, message.number)
                    self.owed[frame.channel].append(len(payload))
            elif isinstance(frame, Cancel):
                self.over.append((frame.rid, self.open.pop(frame.rid)[0]))

    def answerable(self) -> bool:
        return any(self.expected[number] is None for _, number in self.open.values())

    @precondition(answerable)
    @rule(data=st.data(), how=st.sampled_from(["plain", "message", "error", "unreadable"]))
    def answer(self, data: st.DataObject, how: str) -> None:
        rid = data.draw(st.sampled_from([rid for rid, (_, n) in self.open.items() if self.expected[n] is None]))
        channel, number = self.open.pop(rid)
        self.over.append((rid, channel))
        match how:
            case "plain":
                self.line.link.replied(Reply(channel, [(rid, PLAIN, bytes([number % 100]))]))
                self.expected[number] = number % 100
            case "message":
                kind, payload = ChannelCodec(FIRST).encode(Get(number), 100)
                self.line.link.replied(Reply(channel, [(rid, kind, payload)]))
                self.expected[number] = Get(number)
            case "error":
                self.line.link.failed(Error(rid, channel, 0, "no_luck", "\x1b[2J"))
                self.expected[number] = RemoteError
            case _:
                self.line.link.replied(Reply(channel, [(rid, PLAIN, b"\x81\x90\xc0")]))
                self.expected[number] = Exception
        self.line.settle()

    @precondition(lambda self: self.over)
    @rule(data=st.data(), error=st.booleans())
    def answer_again_or_late(self, data: st.DataObject, error: bool) -> None:
        rid, channel = data.draw(st.sampled_from(self.over))
        if rid not in self.open:
            self.forge(rid, channel, error)

    @precondition(lambda self: self.open)
    @rule(data=st.data(), error=st.booleans())
    def answer_on_another_channel(self, data: st.DataObject, error: bool) -> None:
        rid = data.draw(st.sampled_from(list(self.open)))
        self.forge(rid, 1 - self.open[rid][0], error)

    @rule(rid=st.integers(10_000, 2**32 - 1), channel=st.integers(0, 1), error=st.booleans())
    def forge(self, rid: int, channel: int, error: bool) -> None:
        if error:
            self.line.link.failed(Error(rid, channel, 0, "no_luck", ""))
        else:
            self.line.link.replied(Reply(channel, [(rid, PLAIN, b"\x07")]))
        self.unsolicited += 1

    @rule(channel=st.integers(2, 255))
    def answer_for_a_channel_that_is_not_there(self, channel: int) -> None:
        with pytest.raises(ProtocolError):
            self.line.link.replied(Reply(channel, [(1, PLAIN, b"\x07")]))

    @precondition(lambda self: self.asks)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(list(self.asks)))
        if self.expected[number] is None:
            self.asks[number].cancel()
            self.expected[number] = asyncio.CancelledError
            self.line.settle()

    @rule(seconds=st.sampled_from([0.1, 1.0]))
    def wait(self, seconds: float) -> None:
        self.line.settle(seconds)
        for number, ask in self.asks.items():
            if self.expected[number] is None and ask.done():
                self.expected[number] = DeadlineExceeded

    @rule()
    def grant(self) -> None:
        for index, sizes in self.owed.items():
            if sizes:
                self.line.link.credited(Credit([(index, len(sizes), sum(sizes))]))
                sizes.clear()
        self.line.settle()

    @invariant()
    def each_ask_ends_as_it_should_and_nothing_else_is_heard(self) -> None:
        for number, ask in self.asks.items():
            expected = self.expected[number]
            if expected is None:
                continue
            assert ask.done(), (number, expected)
            if expected is asyncio.CancelledError:
                assert ask.cancelled()
            elif isinstance(expected, type):
                assert isinstance(ask.exception(), expected)
            else:
                assert ask.result() == expected
        assert self.line.link.unsolicited == self.unsolicited

    def teardown(self) -> None:
        self.line.close()
        for number, ask in self.asks.items():
            assert ask.done()
            if self.expected[number] is None:
                assert isinstance(ask.exception(), PeerGone | DeadlineExceeded)
            elif not ask.cancelled():
                ask.exception()
        super().teardown()


TestAsks = AskMachine.TestCase
TestAsks.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
