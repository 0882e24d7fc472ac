"""Reactors that docs/long-work.md runs in other processes: in a module, where these find them."""

from __future__ import annotations

from peerbus.actors import Channel, Message, Reactor, Request, handles

__all__ = ["Hash", "Index", "Render", "Verify", "Work"]


class Work(Message, Request[int]):
    data: bytes


class Hash(Reactor):
    channel = Channel("hash", messages=(Work,))

    @handles(Work)
    def digest(self, work: Work) -> int:
        return len(work.data)


class Verify(Reactor):
    channel = Channel("verify", messages=(Work,))

    def __init__(self, depth: int) -> None:
        super().__init__()
        self.depth = depth

    @handles(Work)
    def verify(self, _: Work) -> int:
        return self.depth


class Index(Reactor):
    channel = Channel("index", messages=(Work,))

    @handles(Work)
    def index(self, work: Work) -> int:
        return len(work.data)


class Render(Reactor):
    channel = Channel("render", messages=(Work,))

    @handles(Work)
    def render(self, work: Work) -> int:
        return len(work.data)
