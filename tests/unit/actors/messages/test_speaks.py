"""What an actor and its ref take is known to type checkers only: a program that runs has nothing of it."""

from __future__ import annotations

from peerbus.actors import Actor, Reactor, Ref
from peerbus.actors.messages.speaks import Speaks, Takes


def test_no_actor_and_no_ref_has_what_a_checker_alone_calls() -> None:
    for protocol, name in ((Takes, "__takes__"), (Speaks, "__actor__")):
        assert hasattr(protocol, name)
        assert not any(hasattr(each, name) for each in (Actor, Reactor, Ref))
