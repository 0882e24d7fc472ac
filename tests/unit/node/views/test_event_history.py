"""What happened is kept for those who come late, in its bounds, and keeps nothing else alive."""

from __future__ import annotations

import gc
import weakref

from peerbus.actors import ActorFailed, ActorTerminated, DeadLetter, handles
from peerbus.actors.actor import Actor
from peerbus.actors.bus import Bus
from peerbus.discovery import PeerDown, PeerUp
from peerbus.discovery.facts.connection_view import Direction
from peerbus.node import ActorFailure, EventHistory, LostMessage, Node
from peerbus.node.views.event_history import MOST


class Secret:
    """A message that somebody keeps, or not."""


class Fails(Actor):
    @handles(int)
    def fail(self, _: int) -> None:
        raise ValueError("a secret")


def test_what_is_kept_is_numbered_and_in_order() -> None:
    history = EventHistory()
    events = [PeerUp("a" * 64, 1, Direction.DIALED), PeerDown("a" * 64, "gone"), ActorTerminated("jobs", "stopped")]
    for event in events:
        history.record(event)
    assert [(kept.number, kept.event) for kept in history.since()] == list(enumerate(events, 1))
    assert [kept.kind for kept in history.since(2)] == ["ActorTerminated"]
    assert history.since(3) == ()


def test_what_happens_often_makes_room_for_itself() -> None:
    history = EventHistory()
    history.record(PeerDown("a" * 64, "gone"))
    for number in range(2 * MOST):
        history.record(ActorTerminated(f"job-{number}", "stopped"))
    kept = history.since()
    assert len(kept) == MOST
    assert kept[0].event == PeerDown("a" * 64, "gone")
    assert kept[-1].number == history.last == 2 * MOST + 1


def test_a_message_and_an_error_are_not_kept() -> None:
    history, message = EventHistory(), Secret()
    there = weakref.ref(message)
    history.record(DeadLetter(message, "no_route", "bus://local/jobs", "-"))
    try:
        raise ValueError("a secret")
    except ValueError as error:
        history.record(ActorFailed("jobs", error, "stop"))
    del message
    gc.collect()
    assert there() is None
    letter, failure = (kept.event for kept in history.since())
    assert letter == LostMessage("Secret", "no_route", "bus://local/jobs", "-")
    assert isinstance(failure, ActorFailure)
    assert failure.error == "ValueError"
    assert "test_event_history.py:" in failure.at
    assert "a secret" not in repr(history.since())


def test_what_is_no_event_of_a_node_is_not_kept() -> None:
    history = EventHistory()
    history.record("nonsense")
    assert history.last == 0


async def test_a_late_reader_gets_the_history_first_and_then_what_happens() -> None:
    async with Node("alice") as node:
        node.bus.publish(PeerDown("a" * 64, "gone"))
        reader = node.events.follow()
        assert [kept.event for kept in await reader.read()] == [PeerDown("a" * 64, "gone")]
        node.spawn(Fails, name="fails").tell(1)
        seen = [kept.kind for kept in await reader.read()]
        while "ActorRestarted" not in seen:
            seen += [kept.kind for kept in await reader.read()]
        assert seen[:3] == ["LostMessage", "ActorFailure", "ActorRestarted"]
    left = [kept.kind async for kept in reader]
    assert set(left) == {"ActorTerminated"}, "and it ends when the node has"


async def test_a_slow_reader_is_told_how_many_it_missed() -> None:
    history = EventHistory()
    reader = history.follow()
    for number in range(MOST + 10):
        history.record(ActorTerminated(f"job-{number}", "stopped"))
    assert len(await reader.read()) == MOST
    assert reader.missed == 10
    history.end()
    assert await reader.read() == ()


async def test_who_goes_on_from_a_number_of_an_earlier_run_gets_all_there_is() -> None:
    history = EventHistory()
    history.record(ActorTerminated("jobs", "stopped"))
    assert len(await history.follow(after=700).read()) == 1


async def test_a_bus_without_a_history_has_nobody_who_listens() -> None:
    async with Bus() as bus:
        assert not bus.events.stream.wants(ActorTerminated("jobs", "stopped"))
