"""The class of a singleton: what it needs, and that alone it runs its reactor. Networks: tests/network."""

from __future__ import annotations

import pytest

from peerbus.actors import Channel, Message, Reactor, handles
from peerbus.patterns import Singleton


class Note(Message):
    text: str


class Notes(Reactor):
    channel = Channel("notes", messages=(Note,))

    @handles(Note)
    def note(self, note: Note) -> None: ...


class OneNotes(Singleton):
    reactor = Notes
    role = "writer"


def test_its_channel_is_named_after_its_reactors() -> None:
    assert OneNotes.declared_channel().name == "notes.one"


def test_a_class_says_what_is_missing() -> None:
    with pytest.raises(TypeError, match="write the class of a reactor that has a channel"):

        class NoChannel(Singleton):
            reactor = Reactor
            role = "bank"

    with pytest.raises(TypeError, match='says no role: role = "…"'):

        class NoRole(Singleton):
            reactor = Notes

    with pytest.raises(ValueError, match="settle is 0 or more"):

        class TooQuick(Singleton):
            reactor = Notes
            role = "bank"
            settle = -1.0
