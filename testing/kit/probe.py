"""A stand-in for an actor: it records what it gets, and answers, fails or stalls on demand."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from ...actors.actor import Actor
from ...actors.bus import Bus
from ...actors.engine import Ref
from ...actors.mailbox import Envelope
from ...actors.messages import WAITS, Address, Channel, GroupAddress, How, Share, check_reply
from ...actors.sender import asks, tells, tells_many
from ...actors.sends import Outcome, check_timeout
from .recorder import Received, Recorder

if TYPE_CHECKING:
    from typing_extensions import TypeForm

    from ...actors.engine import Cell

__all__ = ["HasBus", "Probe"]


class HasBus(Protocol):
    """Whatever runs on a bus: a node, an actor under test, another probe."""

    @property
    def bus(self) -> Bus:
        """The bus."""


class _Stand(Actor):
    """The actor behind a probe."""

    def __init__(self, probe: Probe) -> None:
        super().__init__()
        self._probe = probe

    def on_receive(self, message: object) -> object:
        """Take it, now or when the probe stalls no longer."""
        envelope = self._cell.handling()
        assert envelope is not None
        return self._later(envelope) if self._probe.stalled else self._take(envelope)

    async def _later(self, envelope: Envelope) -> object:
        await self._probe.wait_resumed()
        return self._take(envelope)

    def _take(self, envelope: Envelope) -> object:
        probe, reply = self._probe, envelope.reply
        message, name = envelope.message, self._cell.name or ""
        script = None if reply is None else probe._script(message)
        received = Received(message, envelope.sender, name, reply is not None)
        probe._take(received, None if script is not None else reply, lambda: self._forget(envelope))
        if script is not None:
            return script()
        if reply is not None:
            self.put_aside()  # the answer stays open
        return None

    def _forget(self, envelope: Envelope) -> None:
        self._cell.stash = [aside for aside in self._cell.stash or () if aside is not envelope] or None


class Probe(Recorder):
    """Stands in for the actor at `LOCAL / at`, on a bus that runs (or on the bus of a node, or of another probe).

    `at`: a name, a Channel or a Reactor class; of the latter two it takes the bounds and declared messages as well.
    None: a name is made up. An ask stays open until `reply` or `fail`, or until its deadline. To be used on the bus's
    loop. `close()` it, or resume it, before its bus closes: a bus waits for actors that stall.

    ```python
    probe = Probe(bus, Blocks)
    bus.spawn(Cache).tell(Get(7))
    assert await probe.expect(GetBlock) == GetBlock(7)
    probe.reply(Block(7))
    ```
    """

    def __init__(self, on: Bus | HasBus, at: str | Channel[Any] | type[Actor] | None = None) -> None:
        bus = on if isinstance(on, Bus) else on.bus
        channel = at if isinstance(at, Channel) else getattr(at, "__channel__", None)
        if at is not None and not isinstance(at, str) and channel is None:
            raise TypeError(f"a probe stands in for a name, a Channel or a Reactor class, not {at!r}")
        stand = _Stand if channel is None else type("_Stand", (_Stand,), {"channel": channel})
        self._resumed = asyncio.Event()
        self._resumed.set()
        super().__init__("the probe", bus)
        try:
            self.ref: Ref[_Stand] = bus.spawn(lambda: stand(self), name=at if isinstance(at, str) else None)
        except BaseException:
            self._end()
            raise
        self._name = f"the probe {self.address}"

    @property
    def address(self) -> Address[object]:
        """Where it stands."""
        address = self.ref.address
        assert address is not None
        return address

    # As an actor that sends.

    @tells
    def tell(
        self,
        to: Ref[Any] | Address[Any] | GroupAddress[Any],
        message: object,
        *,
        timeout: float | None = None,
        wait_for_peer: bool = False,
    ) -> Outcome[Any]:
        """Send with the probe as the sender; see `Actor.tell`."""
        if timeout is not None and timeout.__class__ is not float:
            timeout = check_timeout(timeout)
        return self.bus.send(to, message, timeout, self._cell, WAITS if wait_for_peer else None)

    @tells_many
    def tell_many(
        self,
        to: Ref[Any] | Address[Any] | GroupAddress[Any],
        messages: Iterable[object],
        *,
        timeout: float | None = None,
    ) -> Outcome[Any]:
        """Send many with the probe as the sender; see `Actor.tell_many`."""
        if timeout is not None and timeout.__class__ is not float:
            timeout = check_timeout(timeout)
        return self.bus.send_many(to, messages, timeout, self._cell)

    @asks
    def ask(
        self,
        to: Ref[Any] | Address[Any] | GroupAddress[Any],
        message: object,
        *,
        reply: TypeForm[Any] | None = None,
        timeout: float | None = None,
        hedge: float | None = None,
        quorum: int | Share | None = None,
        wait_for_peer: bool = False,
    ) -> Outcome[Any]:
        """Ask with the probe as the asker; see `Actor.ask`."""
        if timeout is not None and timeout.__class__ is not float:
            timeout = check_timeout(timeout)
        if reply is not None:
            check_reply(reply)
        how = How(hedge, quorum, wait_for_peer)
        return self.bus.request(to, message, timeout, reply, self._cell, None if how == How() else how)

    def watch(self, target: Ref[Any] | Address[Any]) -> None:
        """Get a `Terminated` when that actor ends: `await probe.expect(Terminated)`."""
        self.bus.watch(target, self._cell)

    # As an actor that is slow.

    @property
    def stalled(self) -> bool:
        """It takes no message."""
        return not self._resumed.is_set()

    def stall(self) -> None:
        """Take no more messages: they fill the mailbox, and then senders wait. (One it takes in hand, and holds.)"""
        self._resumed.clear()

    def resume(self) -> None:
        """Take messages again."""
        self._resumed.set()

    def wait_resumed(self) -> Awaitable[object]:
        """Wait until it stalls no longer."""
        return self._resumed.wait()

    # The end.

    def stop(self) -> None:
        """Stop as an actor does: whoever watches it hears of it, open asks fail with ActorStopped."""
        self.resume()
        self._cell.request_stop()

    def close(self) -> None:
        """Stop, and listen to the bus no longer. Idempotent."""
        self.stop()
        self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def _cell(self) -> Cell:
        return self.ref._cell
