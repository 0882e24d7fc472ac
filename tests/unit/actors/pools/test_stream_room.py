from __future__ import annotations

import asyncio
from typing import Any

import pytest

from peerbus.actors.mailbox import Envelope
from peerbus.actors.pools.stream_room import StreamRoom

pytestmark = pytest.mark.pure("what stands for the members is no cell")


class Member:
    """Answers streams; those in `busy` have a task that goes on."""

    def __init__(self) -> None:
        self.work: asyncio.Future[None] | None = None

    def work_for(self, reply: object) -> Any:
        return self.work


class FakePool:
    """Two members; a message is the place of the one that it is for, -1: of any."""

    def __init__(self) -> None:
        self.members: list[Any] = [Member(), Member()]
        self.room = StreamRoom(self, 1)
        self.handed: list[tuple[int, object]] = []
        self.looks = 0

    def target_of(self, message: Any) -> Any:
        return None if message.place < 0 else self.members[message.place]

    def member_for(self, target: Any) -> Any:
        of = self.members if target is None else [target]
        return next((member for member in of if self.room.has_place(member)), None)

    def hand_stream(self, member: Any, envelope: Envelope) -> None:
        reply: Any = envelope.reply
        self.room.give_place(member, reply)
        self.handed.append((self.members.index(member), envelope.message))

    def go_on(self) -> None:
        self.looks += 1


class Request:
    def __init__(self, place: int) -> None:
        self.place = place


class Reply:
    opened = False

    def __init__(self) -> None:
        self.over = self.waits = False
        self.on_end: Any = int

    def wait_for_place(self) -> None:
        self.waits = True

    def done(self) -> bool:
        return self.over

    def end(self) -> None:
        self.over = True
        self.on_end()


class Waits:
    def __init__(self, place: int, source: str = "") -> None:
        self.reply = Reply()
        self.envelope = Envelope(Request(place), None, self.reply, source=source)  # type: ignore[arg-type]  # as above
        self.withdrawn = ""

    def admitted(self) -> bool:
        return not self.reply.done()

    def refused(self, error: Exception) -> None:
        self.withdrawn = str(error)


def wait(pool: FakePool, place: int, source: str = "") -> Waits:
    waits = Waits(place, source)
    pool.room.wait(waits)
    return waits


async def test_those_that_wait_for_one_member_hold_up_nobody_who_waits_for_another() -> None:
    pool = FakePool()
    first, second, third = wait(pool, 0), wait(pool, 0), wait(pool, 1)
    assert [at for at, _ in pool.handed] == [0, 1]
    anybody = wait(pool, -1)
    assert pool.room.waiting == 2
    assert pool.room.waits_for(pool.members[0])
    first.reply.end()
    assert pool.looks == 1
    pool.room.admit_waiting()
    assert pool.handed[-1] == (0, second.envelope.message)
    third.reply.end()
    pool.room.let_in(0)
    assert pool.room.waiting == 1, "of those that any member can answer a limited number"
    pool.room.let_in(1)
    assert pool.handed[-1] == (1, anybody.envelope.message)
    assert pool.room.account.balanced
    assert pool.room.account.sent == 0, "they are counted where they go"


async def test_a_place_is_given_back_when_the_work_has_ended_and_not_when_its_reader_goes() -> None:
    pool = FakePool()
    held = wait(pool, 0)
    work = pool.members[0].work = asyncio.get_running_loop().create_future()
    held.reply.end()
    assert not pool.room.has_place(pool.members[0])
    work.set_result(None)
    await asyncio.sleep(0)
    assert pool.room.has_place(pool.members[0])


async def test_senders_have_turns_and_who_goes_away_is_counted() -> None:
    pool = FakePool()
    held = wait(pool, 0)
    loud = [wait(pool, 0, "loud") for _ in range(3)]
    quiet = wait(pool, 0, "quiet")
    loud[0].reply.end()
    assert pool.room.account.failed == {"cancelled": 1}
    held.reply.end()
    pool.room.admit_waiting()
    assert pool.handed[-1][1] is loud[1].envelope.message
    loud[1].reply.end()
    pool.room.admit_waiting()
    assert pool.handed[-1][1] is quiet.envelope.message
    pool.members.reverse()  # another one has the key
    pool.room.sort_anew()
    pool.room.admit_waiting()
    assert pool.handed[-1] == (0, loud[2].envelope.message)
    assert pool.room.waiting == 0
    assert "1 stream is open at each member" in pool.room.no_room()
