"""Facts of an actor's life are values: frozen, compared by what they say, and never sent to another node."""

from __future__ import annotations

import dataclasses

import pytest

from peerbus.actors import LOCAL, Channel
from peerbus.actors.messages.events import FACTS, ActorTerminated, DeadLetter, Terminated
from peerbus.actors.messages.facts import Fact

EACH = pytest.mark.parametrize("fact", sorted(FACTS, key=str))


def made(fact: type[Fact]) -> Fact:
    """One, with something in each of its fields."""
    return fact(*(field.name for field in dataclasses.fields(fact)))  # type: ignore[arg-type]  # each is one


@EACH
def test_a_fact_is_a_frozen_value(fact: type[Fact]) -> None:
    one = made(fact)
    assert one == made(fact)
    assert not hasattr(one, "__dict__")
    for field in dataclasses.fields(fact):  # type: ignore[arg-type]  # see above
        assert f"{field.name}='{field.name}'" in repr(one)
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(one, field.name, "other")


@EACH
def test_a_channel_may_declare_a_fact_that_could_not_travel(fact: type[Fact]) -> None:
    assert Channel("facts", messages=(fact,)).messages == (fact,)


def test_a_dead_letter_is_matched_by_its_reason() -> None:
    match DeadLetter("a job", "mailbox_full", "bus://local/jobs", "-"):
        case DeadLetter(message, "mailbox_full", to):
            assert (message, to) == ("a job", "bus://local/jobs")
        case _:
            pytest.fail("it does not match")


def test_the_end_of_an_actor_is_told_to_all_by_name_and_to_who_watches_by_address() -> None:
    assert ActorTerminated("jobs", "stopped").actor == "jobs"
    assert Terminated(LOCAL / "jobs", "stopped").address == LOCAL / "jobs"
