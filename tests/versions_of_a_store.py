"""A store as an old and a new version declare its channel."""

from __future__ import annotations

from typing import Any

from peerbus.actors import (
    Channel,
    Message,
    Reactor,
    Request,
    handles,
)


class OldGot(Message):
    key: int


class OldPut(Message):
    key: int


class OldGet(Message, Request[OldGot]):
    key: int


class OldDrop(Message):
    key: int


class NewGot(Message):
    key: int
    owner: str = "nobody"


class NewPut(Message):
    key: float
    owner: str = "nobody"


class NewGet(Message, Request[NewGot]):
    key: int


class NewDrop(Message):
    key: int
    why: str


class NewSweep(Message):
    before: int


OLD: Channel[Any] = Channel("store", messages=(OldPut, OldGet, OldDrop, OldGot))
NEW: Channel[Any] = Channel("store", messages=(NewSweep, NewGet, NewPut, NewDrop))


class Store(Reactor):
    """It keeps what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[object] = []


class OldStore(Store):
    channel = OLD

    @handles(OldPut, OldDrop)
    def keep(self, message: OldPut | OldDrop) -> None:
        self.kept.append(message)

    @handles(OldGet)
    def get(self, message: OldGet) -> OldGot:
        return OldGot(message.key)


class NewStore(Store):
    channel = NEW

    @handles(NewPut, NewDrop, NewSweep)
    def keep(self, message: NewPut | NewDrop | NewSweep) -> None:
        self.kept.append(message)

    @handles(NewGet)
    def get(self, message: NewGet) -> NewGot:
        return NewGot(message.key, "new")


def kept(node: Any, reactor: str = "store") -> list[object]:
    actor = node.bus.cell(reactor).actor
    assert isinstance(actor, Store)
    return actor.kept
