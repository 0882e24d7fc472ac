"""The mark of a fact: all that derives from it, and nothing else, stays on its node."""

from __future__ import annotations

from peerbus.actors.messages import events
from peerbus.actors.messages.facts import Fact


def test_every_fact_of_an_actors_life_has_the_mark_and_no_other_class_there_has() -> None:
    marked = {each for each in vars(events).values() if isinstance(each, type) and issubclass(each, Fact)}
    assert marked - {Fact} == events.FACTS


def test_the_mark_adds_nothing_to_an_object() -> None:
    assert Fact.__slots__ == ()
    assert not hasattr(Fact(), "__dict__")
