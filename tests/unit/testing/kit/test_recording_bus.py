"""On a recording bus one actor acts; what it does to others is heard by the recorder, and none of it is done."""

from __future__ import annotations

from typing import Any

from peerbus.actors import LOCAL, Actor, Address, GroupAddress, Message, handles
from peerbus.actors.sends import DELIVERED, Outcome
from peerbus.testing.kit.recording_bus import RecordingBus
from peerbus.testing.kit.settle import settled


class Do(Message):
    what: str


class Child(Actor):
    """It must not run."""

    def __init__(self) -> None:
        super().__init__()
        raise AssertionError("it runs")


class Acts(Actor):
    @handles(Do)
    def do(self, do: Do) -> None:
        match do.what:
            case "tell":
                self.tell(LOCAL / "blocks", 1)
            case "tell many":
                self.tell_many(LOCAL / "blocks", (each for each in (1, 2, 3)))
            case "ask":
                self.ask(LOCAL / "blocks", 2)
            case "spawn":
                child = self.spawn(Child, name="child")
                child.tell("hello")
                self.watch(child)
            case "publish":
                self.bus.publish("a fact")


class Heard:
    """Writes down what it hears."""

    def __init__(self) -> None:
        self.lines: list[tuple[object, ...]] = []

    def told(self, to: Address[Any] | GroupAddress[Any], message: object) -> Outcome[Any]:
        """Write it down."""
        self.lines.append(("told", str(to), message))
        return DELIVERED

    def asked(
        self, to: Address[Any] | GroupAddress[Any], message: object, timeout: float | None, reply: object
    ) -> Outcome[Any]:
        """Write it down."""
        self.lines.append(("asked", str(to), message))
        return DELIVERED

    def watched(self, target: Address[Any], *, on: bool) -> None:
        """Write it down."""
        self.lines.append(("watched", str(target), on))

    def spawned(self, name: str) -> None:
        """Write it down."""
        self.lines.append(("spawned", name))

    def published(self, event: object) -> None:
        """Write it down, but for the life of the actor."""
        if isinstance(event, str):
            self.lines.append(("published", event))


async def deeds(*what: str) -> list[tuple[object, ...]]:
    """What the recorder hears when an actor does that."""
    heard = Heard()
    async with RecordingBus(heard) as bus:
        bus.start_recording()
        ref = bus.run(Acts, name="acts", supervision=None)
        await bus.begins(ref._cell)
        for each in what:
            await ref.tell(Do(each))
            await settled(bus)
    return heard.lines


async def test_sends_are_heard_in_their_order_and_go_nowhere() -> None:
    assert await deeds("tell", "ask", "tell many") == [
        ("told", "bus://local/blocks", 1),
        ("asked", "bus://local/blocks", 2),
        ("told", "bus://local/blocks", 1),
        ("told", "bus://local/blocks", 2),
        ("told", "bus://local/blocks", 3),
    ]


async def test_a_child_does_not_run_and_can_be_sent_to_and_watched() -> None:
    assert await deeds("spawn") == [
        ("spawned", "child"),
        ("told", "bus://local/child", "hello"),
        ("watched", "bus://local/child", True),
    ]


async def test_facts_are_heard() -> None:
    assert await deeds("publish") == [("published", "a fact")]
