"""What a send returns that is over already."""

from __future__ import annotations

import pytest

from peerbus.actors import Bus, Channel, Message, MessageTypeError, NoSuchReactor, Reactor, handles
from peerbus.actors.messages.address import LOCAL


class Note(Message):
    text: str


class Notes(Reactor):
    channel = Channel("notes", messages=(Note,))

    @handles(Note)
    def take(self, _: Note) -> None:
        """Nothing."""


async def test_a_send_that_had_room_is_done_when_the_call_returns_and_may_be_awaited_again() -> None:
    async with Bus(reactors=[Notes]) as bus:
        outcome = bus.tell(LOCAL / Notes, Note("a"))
        await outcome
        await outcome
        outcome.get()
        assert bus.statistics().actors["notes"].delivered == 1


async def test_a_send_that_failed_at_once_raises_why_each_time_and_keeps_no_frame_of_who_caught_it() -> None:
    async with Bus(reactors=[Notes]) as bus:
        for outcome, kind in (
            (bus.tell(LOCAL / "nobody", Note("a")), NoSuchReactor),
            (bus.tell(LOCAL / "notes", 1), MessageTypeError),
        ):
            errors = []
            for _ in range(2):
                with pytest.raises(kind) as caught:
                    await outcome
                errors.append(caught.value)
            assert errors[0] is not errors[1]
            assert str(errors[0]) == str(errors[1])
            with pytest.raises(kind):
                outcome.get()
