"""Asks over a link: whatever a peer answers, each ends once, with its own answer."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from link_lines import CHANNELS, FIRST, Get, Line

from peerbus.actors import DeadlineExceeded, Peer, PeerGone, RemoteError
from peerbus.actors.base.errors import ProtocolError
from peerbus.actors.router import LinkUp
from peerbus.transports.wire.frames import Ask, Cancel, Credit, Error, Reply, Tell
from peerbus.transports.wire.payload import PLAIN, ChannelCodec


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
        line.link._lanes["first"].unseen = 0  # as where it may have more values than the peer takes: it is looked at
        await line.bus.tell(to, Get(3))

    line.loop.run_until_complete(tell())
    assert encoded == [Get(0), Get(1), Get(2), Get(3)]
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
        assert self.line.link.open_asks.unsolicited == self.unsolicited

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
