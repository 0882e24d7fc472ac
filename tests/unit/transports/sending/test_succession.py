"""A link takes the place of another: what was sent by the first arrives first, and whoever waited there waits here."""

from __future__ import annotations

import asyncio

import msgspec
from link_lines import Get, Line, hello_of

from peerbus.actors import Account, PeerGone
from peerbus.transports.sending.link import PeerLink
from peerbus.transports.wire.frames import Ask, Tell


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
    older.succession.arrived()
    assert [type(frame) for frame in line.written()] == [Ask]
    older.lost("over")
    line.close()
    assert isinstance(asked.exception(), PeerGone)


def told(line: Line, link: PeerLink, number: int) -> asyncio.Future[None]:
    """Send, and await it in a task."""

    async def send() -> None:
        await link.tell("first", Get(number), None, 5.0)

    return line.loop.create_task(send())


def numbers(frames: list[object]) -> list[int]:
    return [msgspec.msgpack.decode(payload)["number"] for frame in frames if isinstance(frame, Tell)
            for _, _, payload in frame.items]  # fmt: skip


def test_what_the_newer_link_accepts_waits_until_the_peer_has_read_what_the_older_one_has_accepted() -> None:
    line = Line()
    sent = [told(line, line.link, 1)]
    line.settle()
    older, line.link = line.link, line.made()
    line.link.take_over(older)
    sent.append(told(line, line.link, 2))
    line.settle()
    assert [each.done() for each in sent] == [True, True]
    waited = older.succession.awaits_arrival
    assert not line.link.idle
    assert line.written() == []
    older.succession.arrived()
    assert (waited, older.succession.awaits_arrival) == (True, False)
    assert numbers(line.written()) == [2]
    older.lost("over")
    line.close()


def test_nothing_is_held_back_for_a_peer_that_has_restarted_or_where_nothing_was_on_its_way() -> None:
    line = Line()
    older, line.link = line.link, line.made()
    line.link.take_over(older)
    assert not older.succession.awaits_arrival
    sent = [told(line, line.link, 1)]
    line.settle()
    restarted = PeerLink(
        line.bus,
        hello_of("a" * 64),
        msgspec.structs.replace(hello_of("b" * 64), incarnation=2),
        line.codecs,
        line.writer,
    )
    before, line.link = line.link, restarted
    line.link.take_over(before)
    assert not before.succession.awaits_arrival
    sent.append(told(line, line.link, 2))
    line.settle()
    assert numbers(line.written()) == [2]
    older.lost("over")
    before.lost("over")
    line.close()


def test_who_waits_for_credit_or_begins_to_waits_at_the_newer_link() -> None:
    line = Line(window=1)
    sent = [told(line, line.link, number) for number in (1, 2)]
    line.settle()
    outcome = line.link.tell("first", Get(3), None, 5.0)  # it will be awaited later
    older, line.link = line.link, line.made(window=2)
    line.link.take_over(older)

    async def late() -> None:
        await outcome

    sent.append(line.loop.create_task(late()))
    line.settle()
    assert [each.done() for each in sent] == [True, True, True]
    assert older.lanes.statistics()["first"].account == Account(1, 0, 1)
    older.succession.arrived()
    assert numbers(line.written()) == [2, 3]
    older.lost("over")
    line.close()


def test_a_newer_link_with_other_messages_leaves_the_waiting_where_they_are() -> None:
    line = Line(window=1)
    sent = [told(line, line.link, number) for number in (1, 2)]
    line.settle()
    other = hello_of("b" * 64)
    channels = tuple(msgspec.structs.replace(channel, max_message=7) for channel in other.channels)
    older = line.link
    line.link = PeerLink(
        line.bus, hello_of("a" * 64), msgspec.structs.replace(other, channels=channels), line.codecs, line.writer
    )
    line.link.take_over(older)
    line.settle()
    assert [each.done() for each in sent] == [True, False]
    older.lost("over")
    line.settle()
    assert isinstance(sent[1].exception(), PeerGone)
    line.close()
