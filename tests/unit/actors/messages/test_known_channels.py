"""The channels that a bus knows: what is set of one on a node stands above what its reactor's code says."""

from __future__ import annotations

from typing import Any

import pytest

from peerbus.actors import (
    LOCAL,
    Bus,
    Channel,
    ChannelTuning,
    DeadlineExceeded,
    MailboxFull,
    Message,
    Overflow,
    Reactor,
    handles,
)
from peerbus.actors.messages.channel import ChannelOptions
from peerbus.actors.messages.known_channels import KnownChannels


class Note(Message):
    text: str


class Other(Message):
    text: str


NOTES = Channel("notes", messages=(Note,), idempotent=(Note,), window=9)


class Notes(Reactor):
    channel = NOTES

    @handles(Note)
    def take(self, note: Note) -> None: ...


def test_what_is_set_of_a_channel_holds_and_the_rest_is_what_the_code_says() -> None:
    known = KnownChannels({"notes": {"mailbox": 3, "overflow": Overflow.REJECT}})
    known.declare(NOTES)
    here = known["notes"]
    assert (here.mailbox, here.overflow, here.window) == (3, Overflow.REJECT, 9)
    assert (here.messages, here.idempotent) == (NOTES.messages, NOTES.idempotent)
    assert NOTES.mailbox == 1024  # the code's own is as it was: another node of the process is another


def test_a_channel_of_which_nothing_is_set_is_itself() -> None:
    known = KnownChannels({"index": {"mailbox": 3}})
    assert known.tuned(NOTES) is NOTES


def test_all_actors_of_a_channel_get_the_same() -> None:
    known = KnownChannels({"notes": {"mailbox": 3}})
    assert known.tuned(NOTES) is known.tuned(NOTES)


def test_another_channel_of_the_name_is_refused_whatever_is_set_of_it() -> None:
    known = KnownChannels({"notes": {"mailbox": 3}})
    known.declare(NOTES)
    with pytest.raises(ValueError, match="two different channels are called 'notes'"):
        known.declare(Channel("notes", messages=(Other,)))


@pytest.mark.parametrize(
    ("tuning", "error", "says"),
    [
        ({"notes": {"window": 0}}, ValueError, "channel 'notes': window is 0, it must be 1 to"),
        ({"Notes": {"window": 1}}, ValueError, "not a channel name: 'Notes'"),
        (
            {"notes": {"windw": 1}},
            TypeError,
            "channel 'notes': 'windw' is nothing that can be set; what can be: priority",
        ),
        ({"notes": {"idempotent": ()}}, TypeError, "'idempotent' is nothing that can be set"),
        ({"notes": {"overflow": "reject"}}, TypeError, "overflow is 'reject'; write one of Overflow.WAIT"),
    ],
)
def test_what_cannot_be_set_is_refused_before_any_channel_is_known(
    tuning: Any, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        Bus(tuning=tuning)


def test_all_can_be_set_but_what_messages_mean() -> None:
    assert set(ChannelOptions.__annotations__) - set(ChannelTuning.__annotations__) == {"idempotent"}


async def test_an_actor_has_the_mailbox_that_is_set_of_its_channel() -> None:
    async with Bus(reactors=[Notes], tuning={"notes": {"mailbox": 2, "overflow": Overflow.REJECT}}) as bus:
        sends = [bus.tell(LOCAL / "notes", Note("a")) for _ in range(3)]
        await sends[0]
        await sends[1]
        with pytest.raises(MailboxFull):
            await sends[2]


async def test_a_send_takes_the_time_that_is_set_of_the_channel() -> None:
    async with Bus(reactors=[Notes], tuning={"notes": {"mailbox": 1, "timeout": 0.001}}) as bus:
        bus.tell(LOCAL / "notes", Note("a"))
        with pytest.raises(DeadlineExceeded):
            await bus.tell(LOCAL / "notes", Note("b"), timeout=0)
        assert bus.channels["notes"].timeout == 0.001
        cell = bus.cell("notes")
        assert cell is not None
        assert cell.timeout == 0.001
