"""Probes of one test: made where the test wants them, and closed when it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from random import Random
from typing import Any, TypeVar

from ...actors.actor import Actor
from ...actors.bus import Bus
from ...actors.messages import Channel, Supervision
from .alone import Alone
from .peer_probe import PeerProbe
from .probe import HasBus, Probe

__all__ = ["Probes"]

A = TypeVar("A", bound=Actor)


class Probes:
    """Makes probes: `blocks = await probe(Blocks)`. `opened` closes them.

    `on` is a bus, or what has one (a node, another probe); without it a bus of the test's own, made when it is needed.

    ```python
    stand_in = await probe(Blocks)  # `probe` is a fixture of the pytest plugin
    await stand_in.bus.tell(LOCAL / Blocks, Forget(7))
    assert await stand_in.expect(Forget) == Forget(7)
    ```
    """

    def __init__(self, opened: AsyncExitStack, *, seed: int = 0) -> None:
        self._opened = opened
        self._seed = seed
        self._bus: Bus | None = None

    async def __call__(
        self, at: str | Channel[Any] | type[Actor] | None = None, *, on: Bus | HasBus | None = None
    ) -> Probe:
        """A stand-in for the actor at `LOCAL / at`; see `Probe`."""
        probe = Probe(await self._where(on), at)
        self._opened.callback(probe.close)
        return probe

    async def peer(
        self,
        *,
        reactors: Iterable[str | Channel[Any] | type[Actor]] = (),
        roles: Iterable[str] = (),
        name: str = "peer",
        on: Bus | HasBus | None = None,
    ) -> PeerProbe:
        """A stand-in for a peer; see `PeerProbe`."""
        probe = PeerProbe(await self._where(on), reactors=reactors, roles=roles, name=name)
        return await self._opened.enter_async_context(probe)

    async def alone(
        self,
        factory: Callable[[], A],
        *,
        name: str | None = None,
        channels: Iterable[Channel[Any]] = (),
        supervision: Supervision | None = None,
    ) -> Alone[A]:
        """An actor that runs alone; see `Alone`."""
        alone = Alone(factory, name=name, channels=channels, supervision=supervision, rng=Random(self._seed))
        return await self._opened.enter_async_context(alone)

    async def bus(self) -> Bus:
        """The test's own bus, where probes stand that are not put on another one."""
        if self._bus is None:
            self._bus = await self._opened.enter_async_context(Bus("test", rng=Random(self._seed)))
        return self._bus

    async def _where(self, on: Bus | HasBus | None) -> Bus:
        if on is None:
            return await self.bus()
        return on if isinstance(on, Bus) else on.bus
