"""`tell_many` to actors of one bus."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from threading import Thread
from typing import Any

import pykka
import pytest
from gated_notes import Note, Notes, Rejecting, Remark, Wrong, actor_of, notes
from virtual_time import in_virtual_time, outcome_of

from peerbus.actors import (
    LOCAL,
    Account,
    Actor,
    ActorStopped,
    Bus,
    Channel,
    DeadLetter,
    DeadlineExceeded,
    Deadlock,
    MailboxFull,
    MessageTypeError,
    NoSuchReactor,
    WouldDeadlock,
)


@in_virtual_time
async def test_what_has_room_is_accepted_at_once_and_handled_in_order() -> None:
    async with Bus() as bus:
        ref = bus.spawn(Notes)
        assert await bus.tell_many(LOCAL / Notes, notes(5)) == 5
        assert await bus.tell_many(ref, tuple(notes(2))) == 2
        assert await bus.tell_many(ref, []) == 0
        assert await bus.tell_many(ref, (Note(number) for number in range(1))) == 1
        assert ref.statistics().sent == 8
        actor_of(ref).gate.set()
        await bus.tell(ref, Note(99))
        await asyncio.sleep(0.1)
        assert actor_of(ref).got == [*notes(5), *notes(2), Note(0), Note(99)]


@in_virtual_time
async def test_it_waits_for_room_in_the_midst_and_goes_on() -> None:
    async with Bus() as bus:
        ref = bus.spawn(Notes)
        outcome = bus.tell_many(ref, notes(100))
        assert ref.statistics().queued == 8
        asyncio.get_running_loop().call_later(1.0, actor_of(ref).gate.set)
        assert await outcome == 100
        assert await outcome == 100  # it is one send, however many await it
        await asyncio.sleep(0.1)
        assert actor_of(ref).got == notes(100)
        assert ref.statistics().account == Account(100, 100, 0)


@in_virtual_time
async def test_there_is_one_deadline_for_all_and_the_error_says_how_far_it_came() -> None:
    async with Bus() as bus:
        letters = bus.subscribe(DeadLetter)
        ref = bus.spawn(Notes)
        await asyncio.sleep(0)
        begun = bus.loop.time()
        error = await outcome_of(bus.tell_many(ref, notes(12), timeout=2.0))
        assert isinstance(error, DeadlineExceeded)
        assert bus.loop.time() - begun == pytest.approx(2.0, abs=0.02)
        accepted = error.accepted
        assert accepted is not None
        assert accepted == ref.statistics().delivered
        assert error.message == notes(12)[accepted]
        assert f"message {accepted} of a tell_many" in str(error)
        actor_of(ref).gate.set()
        await asyncio.sleep(0.1)
        assert actor_of(ref).got == notes(accepted)
        assert [letter.message for letter in await heard(letters)] == notes(12)[accepted:]
        assert ref.statistics().account == Account(12, accepted, 0, {"deadline_mailbox": 12 - accepted})


async def heard(letters: Any) -> list[DeadLetter]:
    await asyncio.sleep(0.01)
    return list(iter(letters.get_nowait, None))


@in_virtual_time
async def test_dropped_unawaited_the_rest_is_dead_letters() -> None:
    async with Bus() as bus:
        letters = bus.subscribe(DeadLetter)
        ref = bus.spawn(Notes)
        bus.tell_many(ref, notes(12))
        await asyncio.sleep(0)
        assert [(letter.message, letter.reason) for letter in await heard(letters)] == [
            (note, "mailbox_full") for note in notes(12)[8:]
        ]
        assert ref.statistics().account == Account(12, 8, 0, {"mailbox_full": 4})


@in_virtual_time
async def test_cancelled_it_stops_and_counts_the_rest() -> None:
    async with Bus() as bus:
        ref = bus.spawn(Notes)
        sending = asyncio.ensure_future(bus.tell_many(ref, notes(20)).coroutine())
        await asyncio.sleep(0.5)
        delivered = ref.statistics().delivered
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        assert ref.statistics().account == Account(20, delivered, 0, {"cancelled": 20 - delivered})


@in_virtual_time
async def test_a_message_that_the_channel_does_not_declare_stops_it() -> None:
    async with Bus() as bus:
        letters = bus.subscribe(DeadLetter)
        ref = bus.spawn(Notes)
        messages: list[Any] = [Note(0), Note(1), Wrong(2), Note(3)]
        error = await outcome_of(bus.tell_many(ref, messages))
        assert isinstance(error, MessageTypeError)
        assert (error.accepted, error.message) == (2, Wrong(2))
        assert ref.statistics().account == Account(4, 2, 0, {"message_type": 1, "not_sent": 1})
        assert [letter.reason for letter in await heard(letters)] == ["message_type", "not_sent"]


@in_virtual_time
async def test_a_mailbox_that_rejects_takes_what_it_has_room_for() -> None:
    async with Bus() as bus:
        ref = bus.spawn(Rejecting)
        error = await outcome_of(bus.tell_many(ref, notes(7)))
        assert isinstance(error, MailboxFull)
        assert (error.accepted, error.message) == (4, Note(4))
        assert ref.statistics().account == Account(7, 4, 0, {"mailbox_full": 3})


@in_virtual_time
async def test_no_time_is_an_error_and_no_number_a_mistake() -> None:
    async with Bus() as bus:
        ref = bus.spawn(Notes)
        error = await outcome_of(bus.tell_many(ref, notes(2), timeout=-1.0))
        assert isinstance(error, DeadlineExceeded)
        assert ref.statistics().account == Account(2, 0, 0, {"deadline_mailbox": 2})
        with pytest.raises(ValueError, match="timeout is nan"):
            bus.tell_many(ref, notes(2), timeout=float("nan"))
        with pytest.raises(TypeError, match="is no address"):
            bus.tell_many("notes", notes(2))  # type: ignore[call-overload]  # the mistake
        with pytest.raises(TypeError, match="not iterable"):
            bus.tell_many(ref, 5)  # type: ignore[call-overload]  # as well
        assert await bus.tell_many(ref, notes(3), timeout=0) == 3


@in_virtual_time
async def test_a_generator_is_drawn_as_there_is_room() -> None:
    async with Bus() as bus:
        ref = bus.spawn(Notes)
        drawn = 0

        def made() -> Iterator[Note]:
            nonlocal drawn
            for number in range(1000):
                drawn = number + 1
                yield Note(number)

        outcome = bus.tell_many(ref, made())
        assert drawn == 9  # those that have room, and the one that waits
        actor_of(ref).gate.set()
        assert await outcome == 1000
        await asyncio.sleep(0.1)
        assert actor_of(ref).got == [Note(number) for number in range(1000)]


@in_virtual_time
async def test_what_a_generator_made_before_it_raised_is_sent() -> None:
    async with Bus() as bus:
        ref = bus.spawn(Notes)

        def made(count: int) -> Iterator[Note]:
            for number in range(count):
                yield Note(number)
            raise KeyError("a mistake")

        with pytest.raises(KeyError) as at_once:
            bus.tell_many(ref, made(3))
        assert at_once.value.__notes__ == ["3 messages of this tell_many were accepted before that"]
        assert ref.statistics().delivered == 3
        actor_of(ref).gate.set()
        with pytest.raises(KeyError) as later:
            await bus.tell_many(ref, made(20))
        assert later.value.__notes__ == ["20 messages of this tell_many were accepted before that"]
        await asyncio.sleep(0.1)
        assert len(actor_of(ref).got) == 23


@in_virtual_time
async def test_a_generator_may_send_to_the_same_mailbox() -> None:
    async with Bus() as bus:
        ref = bus.spawn(Notes)
        outcomes = []

        def made() -> Iterator[Note]:
            for number in range(6):
                outcomes.append(bus.tell(ref, Remark(number)))
                yield Note(number)

        actor_of(ref).gate.set()
        assert await bus.tell_many(ref, made()) == 6
        await asyncio.gather(*outcomes)
        await asyncio.sleep(0.1)
        assert [note for note in actor_of(ref).got if isinstance(note, Note)] == [Note(number) for number in range(6)]
        assert ref.statistics().account == Account(12, 12, 0)


@in_virtual_time
async def test_a_list_that_is_changed_while_it_waits_is_sent_as_it_was() -> None:
    async with Bus() as bus:
        ref = bus.spawn(Notes)
        messages = notes(20)
        outcome = bus.tell_many(ref, messages)
        messages.clear()
        actor_of(ref).gate.set()
        assert await outcome == 20


@in_virtual_time
async def test_an_actor_that_stops_in_the_midst_fails_the_rest() -> None:
    async with Bus() as bus:
        ref = bus.spawn(Notes)
        sending = asyncio.ensure_future(bus.tell_many(ref, notes(20)).coroutine())
        await asyncio.sleep(0)
        stopped = ref.stop(block=False)
        actor_of(ref).gate.set()  # one that is at a message looks at nothing else before it is over
        error = await outcome_of(sending)
        assert isinstance(error, ActorStopped)
        accepted = error.accepted
        assert accepted is not None
        await stopped
        account = bus.ledger().local["notes"]
        assert account.sent == 20
        assert account.delivered == accepted
        assert account.failed == {"actor_stopped": 20 - accepted}


@in_virtual_time
async def test_an_actor_sends_many_and_is_their_sender() -> None:
    senders: list[object] = []

    class Listener(Actor):
        def on_receive(self, message: object) -> None:
            assert self._cell.current is not None
            senders.append(self._cell.current.sender)

    class Teller(Actor):
        async def on_receive(self, message: Any) -> Any:
            return await self.tell_many(message, [1, 2, 3])

    async with Bus() as bus:
        listener, teller = bus.spawn(Listener), bus.spawn(Teller, name="teller")
        assert await bus.ask(teller, listener) == 3
        assert await bus.ask(teller, listener.address) == 3
        await asyncio.sleep(0)
        assert senders == [LOCAL / "teller"] * 6


@in_virtual_time
async def test_two_that_fill_each_others_mailboxes_are_a_deadlock() -> None:
    class Filler(Actor):
        mailbox_limit = 2

        async def on_receive(self, message: Any) -> Any:
            return await self.tell_many(LOCAL / message, [""] * 9, timeout=60)

    async with Bus() as bus:
        one, two = bus.spawn(Filler, name="one"), bus.spawn(Filler, name="two")
        ends = await asyncio.gather(bus.ask(one, "two"), bus.ask(two, "one"), return_exceptions=True)
        assert any("Deadlock" in str(end) or isinstance(end, Deadlock) for end in ends)
        assert bus.loop.time() < 30


@in_virtual_time
async def test_an_outcome_that_waits_cannot_be_got_on_the_loop() -> None:
    async with Bus() as bus:
        ref = bus.spawn(Notes)
        outcome = bus.tell_many(ref, notes(20))
        with pytest.raises(WouldDeadlock):
            outcome.get(timeout=1)
        actor_of(ref).gate.set()
        assert await outcome == 20
        assert bus.tell_many(ref, notes(1)).get() == 1


# From other threads.


class Slow(Actor):
    """On a thread of its own."""

    dispatcher = "thread"
    mailbox_limit = 4

    def __init__(self) -> None:
        super().__init__()
        self.got: list[object] = []

    def on_receive(self, message: object) -> object:
        self.got.append(message)
        return list(self.got)


def test_from_another_thread_it_waits_in_get() -> None:
    class Open(Notes):
        channel = Channel("open", messages=(Note, Remark), mailbox=8)

        def __init__(self) -> None:
            super().__init__()
            self.gate.set()

    with Bus(reactors=[Open]) as bus:
        assert bus.tell_many(LOCAL / Open, notes(500)).get(timeout=20) == 500
        assert bus.tell_many(LOCAL / Open, iter(notes(500))).get(timeout=20) == 500
        assert bus.tell_many(LOCAL / Open, []).get() == 0
        nobody = bus.tell_many(LOCAL / "nobody", notes(3))
        with pytest.raises(NoSuchReactor) as found:
            nobody.get(timeout=20)
        assert found.value.accepted == 0
    assert bus.ledger().local["open"] == Account(1000, 1000, 0)
    assert bus.ledger().astray["-"] == Account(3, 0, 0, {"no_such_reactor": 3})


def test_to_an_actor_on_a_thread_and_without_a_bus() -> None:
    for bus in (Bus().start(), None):
        ref: Any = Slow.start() if bus is None else bus.spawn(Slow)
        done: list[int] = []

        class Sender(Actor):
            dispatcher = "thread"

            def on_receive(self, message: Any) -> Any:
                return self.tell_many(message, range(100)).get(timeout=20)

        sender: Any = Sender.start() if bus is None else bus.spawn(Sender)
        done.append(sender.ask(ref, timeout=20))
        assert done == [100]
        assert ref.ask("end", timeout=20) == [*range(100), "end"]
        if bus is None:
            pykka.ActorRegistry.stop_all()
        else:
            bus.stop()


def test_from_another_thread_without_room_the_rest_is_refused_at_the_one_deadline() -> None:
    class Shut(Notes):
        channel = Channel("shut", messages=(Note, Remark), mailbox=8)

    with Bus(reactors=[Shut], shutdown_timeout=0.1) as bus:
        outcome = bus.tell_many(LOCAL / Shut, notes(30), timeout=0.1)
        with pytest.raises(DeadlineExceeded) as late:
            outcome.get()
        accepted = late.value.accepted
        assert accepted is not None
        assert 8 <= accepted <= 10
        assert late.value.message == notes(30)[accepted]
        dropped = bus.tell_many(LOCAL / Shut, notes(5))
        del dropped
        gc.collect()
    account = bus.ledger().local["shut"]
    assert account.failed == {"deadline_mailbox": 30 - accepted, "mailbox_full": 5}
    assert account.balanced


def test_two_threads_may_get_one_outcome() -> None:
    with Bus() as bus:
        ref = bus.spawn(Slow)
        outcome = bus.tell_many(ref, iter(range(200)))
        got: list[int] = []
        threads = [Thread(target=lambda: got.append(outcome.get(timeout=20))) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert got == [200, 200]
