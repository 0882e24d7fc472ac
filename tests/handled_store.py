"""A store whose handlers are overridden, decorated and patched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from peerbus.actors import Actor, Address, Bus, Channel, Reactor, handles


@dataclass(frozen=True)
class Get:
    key: str


@dataclass(frozen=True)
class Put:
    key: str


@dataclass(frozen=True)
class GetMore(Get):
    pass


class Store(Reactor):
    channel = Channel("store", messages=(Get, GetMore, Put))

    @handles(Get)
    def get(self, wanted: Get) -> str:
        return f"store has {wanted.key}"

    @handles(Put)
    async def put(self, put: Put, sender: Address[Any] | None) -> str:
        return f"store took {put.key} of {sender}"


async def answers(actor_class: Callable[[], Actor], *messages: object) -> list[object]:
    """What an actor answers."""
    async with Bus() as bus:
        ref = bus.spawn(actor_class, name="one")
        return [await bus.ask(ref, message) for message in messages]


#: Hides types: what stands on it is wrong on purpose, or too odd for type checkers.
on: Any = handles


def one(self: object, wanted: Get) -> Iterator[str]:
    yield wanted.key
