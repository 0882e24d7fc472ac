"""What an actor's class says of itself: its mailbox, its hooks, and that it handles what its channel declares."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from peerbus.actors import Actor, Channel, Overflow, Reactor, handles


@dataclass(frozen=True, slots=True)
class Known:
    number: int


@dataclass(frozen=True, slots=True)
class Other:
    number: int


CHANNEL = Channel("declared", (Known, Other), mailbox=3, mailbox_bytes=1000, overflow=Overflow.REJECT, max_message=500)


class Half(Reactor):
    channel = CHANNEL

    @handles(Known)
    def take(self, message: Known) -> None: ...


class Whole(Half):
    @handles(Other)
    def take_other(self, message: Other) -> None: ...


class Plain(Actor):
    mailbox_limit = 7
    overflow = Overflow.DROP_OLDEST

    def on_receive(self, message: object) -> object:
        return message


class Hooked(Plain):
    async def on_started(self) -> None: ...

    async def on_stopping(self) -> None: ...


def test_a_channel_says_the_bounds_of_the_mailbox_and_without_one_the_class_does() -> None:
    declared, own = Whole._create_actor_inbox(), Plain._create_actor_inbox()
    assert (declared.limit, declared.byte_limit, declared.overflow) == (3, 1000, Overflow.REJECT)
    assert (own.limit, own.overflow) == (7, Overflow.DROP_OLDEST)


def test_a_class_that_leaves_a_message_of_its_channel_unhandled_is_refused() -> None:
    with pytest.raises(TypeError, match="Half handles no Other, as its channel 'declared' declares"):
        Half.check_whole()
    Whole.check_whole()
    Plain.check_whole()  # it has no channel


def test_only_hooks_that_a_class_has_are_run() -> None:
    plain, hooked = object.__new__(Plain), object.__new__(Hooked)
    assert plain.starting_hooks() == (plain.on_start,)
    assert plain.stopping_hooks() == (plain.on_stop,)
    assert hooked.starting_hooks() == (hooked.on_start, hooked.on_started)
    assert hooked.stopping_hooks() == (hooked.on_stopping, hooked.on_stop)


def test_a_class_knows_that_it_takes_its_messages_by_one_method_alone() -> None:
    assert Plain.__receives__
    assert not Whole.__receives__


def test_users_actors_stand_in_pykkas_registry() -> None:
    assert Plain.__registered__
