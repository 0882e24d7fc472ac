"""What a peer sends is counted against its windows, put into mailboxes or refused, and its credit always comes back."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Self

import msgpack
import pytest
from kept_writer import KeptWriter

from peerbus.actors import Account, Bus, Channel, Overflow, ProtocolError, Reactor, handles
from peerbus.transports.lanes.outbox import Outbox
from peerbus.transports.lanes.request_ids import RequestIds
from peerbus.transports.receiving.receive_side import ReceiveSide
from peerbus.transports.wire.codecs import Codecs
from peerbus.transports.wire.frame_decoder import FrameDecoder
from peerbus.transports.wire.frames import FRAME_LIMIT, Ask, Cancel, Credit, Error, Reply, Tell
from peerbus.transports.wire.hello import Hello
from peerbus.transports.wire.payload import ChannelCodec


@dataclass(frozen=True)
class Note:
    number: int


class Desk(Reactor):
    """Takes notes; waits at its gate."""

    channel = Channel("desk", messages=(Note,), window=8, mailbox=8)

    def __init__(self, gate: asyncio.Event) -> None:
        super().__init__()
        self._gate = gate

    @handles(Note)
    async def note(self, note: Note) -> int:
        await self._gate.wait()
        return note.number


class Strict(Reactor):
    """Has room for one message, and refuses the next."""

    channel = Channel("strict", messages=(Note,), window=8, mailbox=1, overflow=Overflow.REJECT)

    @handles(Note)
    async def note(self, note: Note) -> None:
        await asyncio.Event().wait()


CHANNELS: dict[str, Channel[Any]] = {"desk": Desk.channel, "strict": Strict.channel}
GOOD, BAD = msgpack.packb({"number": 1}), msgpack.packb({"number": "one"})
DESK, STRICT = 0, 1


def hello_of(node_id: str) -> Hello:
    return Hello(
        node_id=node_id,
        network="test",
        name="node",
        incarnation=1,
        listen=(),
        offers=(),
        channels=tuple(ChannelCodec(channel).info for channel in CHANNELS.values()),
        agent="test",
        nonce=bytes(16),
    )


class Desks:
    """A receiving side on a bus with two reactors, and what it has to write."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.bus = Bus("test", reactors=[lambda: Desk(self.gate), Strict], shutdown_timeout=0.1)
        self.decoder = FrameDecoder(FRAME_LIMIT)

    async def __aenter__(self) -> Self:
        await self.bus.__aenter__()
        self.outbox = Outbox(RequestIds(), lambda lane, outgoing, error: None)
        self.writer = KeptWriter()
        self.side = ReceiveSide(
            self.bus, hello_of("a" * 64), hello_of("b" * 64), Codecs(CHANNELS), self.outbox, self.writer
        )
        self.bus.books.open(self.side)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.side.end()
        await self.bus.aclose()

    async def written(self) -> list[Any]:
        """Frames, when all is at rest."""
        self.side.run_woken()
        for _ in range(20):
            await asyncio.sleep(0)
        frames: list[Any] = []
        while self.outbox:
            frames += self.decoder.feed(b"".join(map(bytes, self.outbox.fill(0.0, 1 << 16))))
        self.side.written()
        return frames

    def account(self, channel: str) -> Account:
        return self.bus.ledger().arrived[channel]


async def test_credit_comes_back_when_the_actor_takes_messages_and_not_before() -> None:
    async with Desks() as desks:
        desks.side.told(Tell(DESK, [(1, 0, GOOD)] * 8))
        assert await desks.written() == []
        desks.gate.set()
        granted = [frame.grants for frame in await desks.written() if isinstance(frame, Credit)]
        assert sum(messages for grants in granted for _, messages, _ in grants) == 8
        assert desks.account("desk") == Account(8, 8, 0)


async def test_a_message_without_credit_is_an_overrun() -> None:
    async with Desks() as desks:
        desks.side.told(Tell(DESK, [(1, 0, GOOD)] * 8))
        with pytest.raises(ProtocolError, match="window_overrun"):
            desks.side.told(Tell(DESK, [(1, 0, GOOD)]))


async def test_each_refused_message_is_named_by_its_place_and_gives_its_credit_back() -> None:
    async with Desks() as desks:
        desks.gate.set()
        desks.side.told(Tell(DESK, [(1, 0, GOOD), (1, 0, BAD), (1, 0, GOOD), (7, 0, GOOD)]))
        frames = await desks.written()
        errors = [(frame.sequence, frame.code) for frame in frames if isinstance(frame, Error)]
        assert errors == [(1, "message_type"), (3, "message_type")]
        assert desks.account("desk") == Account(4, 2, 0, {"message_type": 2})
        desks.side.confirm()
        owed = [frame.grants for frame in [*frames, *await desks.written()] if isinstance(frame, Credit)]
        assert sum(messages for grants in owed for _, messages, _ in grants) == 4


async def test_a_mailbox_that_refuses_tells_the_sender_of_each() -> None:
    async with Desks() as desks:
        desks.side.told(Tell(STRICT, [(1, 0, GOOD)]))
        await desks.written()  # it is being handled now
        desks.side.told(Tell(STRICT, [(1, 0, GOOD)] * 3))
        codes = [frame.code for frame in await desks.written() if isinstance(frame, Error)]
        assert codes == ["mailbox_full"] * 2
        assert desks.account("strict") == Account(4, 2, 0, {"mailbox_full": 2})


async def test_an_ask_is_answered_and_one_that_is_cancelled_is_not() -> None:
    async with Desks() as desks:
        desks.side.asked(Ask(DESK, [(1, 60_000, 1, 0, GOOD), (2, 60_000, 1, 0, GOOD)]))
        await desks.written()
        assert desks.side.serving == 2
        desks.side.cancelled(Cancel(2))
        assert desks.side.serving == 1
        desks.gate.set()
        replies = [frame.items for frame in await desks.written() if isinstance(frame, Reply)]
        assert replies == [[(1, 0, msgpack.packb(1))]]
        assert desks.side.serving == 0


async def test_two_asks_of_one_number_break_the_protocol() -> None:
    async with Desks() as desks:
        desks.side.asked(Ask(DESK, [(1, 60_000, 1, 0, GOOD)]))
        with pytest.raises(ProtocolError, match="open already"):
            desks.side.asked(Ask(DESK, [(1, 60_000, 1, 0, GOOD)]))


async def test_what_its_peer_waits_for_ends_with_the_connection() -> None:
    async with Desks() as desks:
        desks.side.asked(Ask(DESK, [(1, 60_000, 1, 0, GOOD), (2, 60_000, 1, 0, GOOD)]))
        await desks.written()
        desks.side.end()
        desks.gate.set()
        assert await desks.written() == []
        assert desks.account("desk").balanced


async def test_the_last_answer_goes_past_the_outbox_where_nothing_else_is_to_be_written() -> None:
    async with Desks() as desks:
        desks.gate.set()
        desks.writer.clear = True
        desks.side.asked(Ask(DESK, [(1, 60_000, 1, 0, GOOD), (2, 60_000, 1, 0, GOOD)]))
        frames = await desks.written()
        (last,) = desks.decoder.feed(b"".join(desks.writer.frames))
        assert [frame.items for frame in [*frames, last] if isinstance(frame, Reply)] == [
            [(1, 0, msgpack.packb(1))],
            [(2, 0, msgpack.packb(1))],
        ]
        assert desks.side.serving == 0
