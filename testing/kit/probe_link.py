"""A way to a peer that is not there: what is sent over it ends in a recorder."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ...actors.base import NoRoute, NoSuchReactor, PeerGone, SendError, new_task
from ...actors.bus import Bus
from ...actors.engine import Here, Load
from ...actors.mailbox import Envelope, ItemCounts, ReplyTo, Waiter
from ...actors.messages import Address, Capability, Peer, Terminated
from ...actors.routing import Purpose
from ...actors.sends import DELIVERED, AskFuture, AskWaiting, FailedOutcome, Outcome, Supply, Waiting, Within
from ...actors.streams import LOCAL_ITEMS, ItemBuffer, ItemSink, ItemWindow, LocalSink, LocalStreamAsk, NoSink
from ...transports.wire import Codecs

if TYPE_CHECKING:
    from typing_extensions import TypeForm

__all__ = ["ProbeLink"]

R = TypeVar("R")


class ProbeLink:
    """A `Link` to the peer `peer_id`. `on_message(reactor, envelope)` hears of each message that has credit."""

    #: The queue that `DeadlineExceeded` names.
    phase = "credit"

    def __init__(self, bus: Bus, peer_id: str, on_message: Callable[[str, Envelope], None]) -> None:
        self.peer_id = peer_id
        self.roles: Mapping[str, Capability] = {}
        self.reactors: set[str] = set()
        #: A probe is a peer.
        self.inside = False
        self.stalled = False
        self.knows_streams = True
        #: Why it carries nothing, if it does not.
        self.gone: str | None = None
        self._bus = bus
        self._codecs = Codecs(bus.channels, Here(bus))
        self._on_message = on_message
        self._waiting: deque[tuple[str, Waiter]] = deque()
        self._asks: dict[AskFuture[Any], None] = {}
        self._watchers: dict[str, dict[Address[object], None]] = {}

    def load(self, reactor: str) -> Load:
        """As `Link.load`; how long answers take is not measured."""
        # Answered ones are in it until the loop's next turn, and an `await` of what is done already gives it none.
        return Load(sum(not ask.done() for ask in self._asks))

    def has(self, reactor: str) -> bool:
        """As `Link.has`."""
        return reactor in self.reactors

    def takes(self, reactor: str, kind: type, purpose: Purpose) -> int:
        """As `Link.takes`."""
        codec = self._codecs.get(reactor) if self.has(reactor) and self.gone is None else None
        if codec is None or kind not in codec.numbers:
            return 0
        return codec.channel.max_message

    def why_not(self, reactor: str, kind: type) -> str:
        """As `Link.why_not`: a probe declares what this side declares."""
        return ""

    def lets(self, reactor: str, purpose: Purpose) -> bool:
        """As `Link.lets`: a probe refuses nothing."""
        return True

    def awaits(self, reactor: str) -> bool:
        """As `Link.awaits`: never."""
        return False

    def fits(self, reactor: str, message: object, memo: dict[object, object]) -> bool:
        """As `Link.fits`: all of its reactors take as much."""
        return True

    def take_over(self, before: object) -> None:
        """As `Link.take_over`: there is nothing to take over."""

    def tell(
        self,
        reactor: str,
        message: object,
        sender: Address[object] | None,
        timeout: float | None,
        memo: dict[object, object] | None = None,
    ) -> Outcome[None]:
        """As `Link.tell`."""
        try:
            envelope = Envelope(self._travelled(reactor, message), sender)
        except SendError as error:
            return self._refused(reactor, message, sender, error)
        return self._send(reactor, envelope, self._bus.deadline(reactor, timeout))

    def pour(
        self,
        reactor: str,
        supply: Supply,
        sender: Address[object] | None,
        within: Within,
        memo: dict[object, object] | None = None,
    ) -> Outcome[None] | None:
        """As `Link.pour`, one by one."""
        while messages := supply.take(1):
            outcome = self.tell(reactor, messages[0], sender, within.left())
            if outcome is not DELIVERED:
                return outcome
            supply.accepted += 1
        return None

    def stream(
        self,
        reactor: str,
        message: object,
        *,
        sender: Address[object] | None,
        deadline: float,
        within: float,
        buffer: ItemBuffer,
        opened: bool,
    ) -> tuple[AskFuture[Any], Outcome[Any], ItemSink]:
        """As `Link.stream`: an ask whose answer comes in items."""
        bus = self._bus
        future = LocalStreamAsk.of(bus.loop, message, None, self._abandoned)
        future.detach, future.opened, future.on_end = self._beside, opened, int
        future.down = LocalSink(future, buffer, ItemCounts(), None)
        future.up = future.up_buffer = None
        sink: ItemSink = NoSink()
        if opened:
            future.up_buffer = ItemBuffer(message, bus.loop, bus.wheel, ItemWindow(LOCAL_ITEMS))
            sink = future.up = LocalSink(None, future.up_buffer, ItemCounts(), None)
        try:
            envelope = Envelope(self._travelled(reactor, message), sender, future)
        except SendError as error:
            self._refused(reactor, message, sender, error)
            return future, future.refused(error), sink
        self._asks[future] = None
        future.add_done_callback(self._answered)
        return future, future.follow(self._send(reactor, envelope, within), bus.wheel, deadline), sink

    def _beside(self, envelope: Envelope, work: object) -> object:
        """Make the items of a stream."""
        making = _made(envelope, cast("Coroutine[Any, Any, object]", work))
        new_task(making, loop=self._bus.loop, name="peerbus probe's stream")
        return None

    def ask(
        self,
        reactor: str,
        message: object,
        *,
        sender: Address[object] | None,
        deadline: float,
        reply: TypeForm[R] | None,
        memo: dict[object, object] | None = None,
    ) -> Outcome[R]:
        """As `Link.ask`."""
        future: AskFuture[R] = AskFuture.of(self._bus.loop, message, reply, self._abandoned)
        try:
            envelope = Envelope(self._travelled(reactor, message, reply), sender, future, deadline)
        except SendError as error:
            self._refused(reactor, message, sender, error)
            return future.refused(error)
        self._asks[future] = None
        future.add_done_callback(self._answered)
        sent = self._send(reactor, envelope, deadline)
        if sent is DELIVERED:
            if not future.done():
                future.arm(self._bus.wheel, deadline)
            return future
        return AskWaiting(sent, future, partial(future.arm, self._bus.wheel, deadline))

    def watch(self, reactor: str, watcher: Address[object] | None) -> None:
        """As `Link.watch`."""
        if watcher is None:
            return
        if self.has(reactor):
            self._watchers.setdefault(reactor, {})[watcher] = None
        else:
            self._terminated(reactor, watcher, NoSuchReactor.reason)

    def unwatch(self, reactor: str, watcher: Address[object] | None) -> None:
        """As `Link.unwatch`."""
        if watcher is not None:
            self._watchers.get(reactor, {}).pop(watcher, None)

    # What the probe does with it.

    def travel_back(self, reactor: str, value: object, ask: ReplyTo | None) -> object:
        """An answer to this ask as it arrives. Raises MessageTypeError where it could not travel."""
        codec = self._codecs.get(reactor)
        assert codec is not None
        assert isinstance(ask, AskFuture)
        asked = codec.numbers[type(ask.message)]
        number, payload = codec.encode_reply(value, codec.channel.max_message, asked)
        return codec.decode_reply(number, payload, ask.message, ask.reply_type)

    def resume(self) -> None:
        """Grant credit: what waits is sent."""
        self.stalled = False
        waiting, self._waiting = self._waiting, deque()
        for reactor, waiter in waiting:
            if waiter.admitted():
                self._on_message(reactor, waiter.envelope)

    def end(self, reason: str) -> None:
        """Carry nothing any more, and say so to everybody who waits."""
        self.gone = reason
        self._refuse_waiting()
        asks, self._asks = self._asks, {}
        for ask in asks:
            ask.fail(self._peer_gone())
        for reactor in tuple(self._watchers):
            self.end_reactor(reactor, reason)

    def _refuse_waiting(self) -> None:
        waiting, self._waiting = self._waiting, deque()
        for _, waiter in waiting:
            error = self._peer_gone()
            error.never_sent = True
            waiter.refused(error)

    def end_reactor(self, reactor: str, reason: str) -> None:
        """Say to whoever watches a reactor of the peer that it stopped."""
        for watcher in self._watchers.pop(reactor, {}):
            self._terminated(reactor, watcher, reason)

    # The room of a send that waits: what a mailbox is for a local one.

    def wait(self, waiter: Waiter) -> None:
        """A send waits for credit: no longer than there is none."""
        self._waiting.append((str(waiter.envelope.source), waiter))
        if self.gone is not None:
            self._refuse_waiting()
        elif not self.stalled:
            self.resume()

    def overlooked(self) -> str | None:
        """A sender that waits although there is credit; None at every rest."""
        return f"{len(self._waiting)} wait for credit, which there is" if self._waiting and not self.stalled else None

    def give_up(self, waiter: Waiter, error: SendError) -> None:
        """A send waits no longer."""
        self._waiting = deque(each for each in self._waiting if each[1] is not waiter)

    def refuse(self, error: SendError) -> SendError:
        """A send does not wait."""
        return error

    def refuse_send(
        self, reactor: str, message: object, sender: Address[object] | None, error: SendError, *, letter: bool
    ) -> None:
        """As `Link.refuse_send`."""
        if letter:
            self._refused(reactor, message, sender, error)

    def no_room(self) -> str:
        """Why there is no credit."""
        return f"the probe of peer {self.peer_id} grants no credit"

    # Inside.

    def _travelled(self, reactor: str, message: object, reply: Any = None) -> object:
        """The message as it arrives: encoded and decoded."""
        if self.gone is not None:
            raise self._peer_gone()
        if not self.has(reactor):
            raise NoSuchReactor(f"peer {self.peer_id} runs no reactor {reactor!r}")
        codec = self._codecs.get(reactor)
        if codec is None:
            raise NoRoute(f"this bus does not know the channel {reactor!r}: declare it, or give the probe its Channel")
        if reply is not None:
            codec.check_reply(reply, message)
        return codec.decode(*codec.encode(message, codec.channel.max_message))

    def _send(self, reactor: str, envelope: Envelope, deadline: float) -> Outcome[None]:
        if not self.stalled and not self._waiting:
            self._on_message(reactor, envelope)
            return DELIVERED
        envelope.source = reactor
        bus = self._bus
        return Waiting(self, envelope, deadline, bus.wheel, bus.loop, partial(self._undelivered, reactor))

    def _refused(
        self, reactor: str, message: object, sender: Address[object] | None, error: SendError
    ) -> FailedOutcome:
        error.message = message
        error.never_sent = True
        self._bus.dead_letter(message, error.reason, to=self._at(reactor), sender=sender, error=error)
        return FailedOutcome(error)

    def _undelivered(self, reactor: str, envelope: Envelope, error: SendError) -> None:
        self._bus.dead_letter(envelope.message, error.reason, to=self._at(reactor), sender=envelope.sender, error=error)

    def _peer_gone(self) -> PeerGone:
        return PeerGone(f"the probe of peer {self.peer_id} has left: {self.gone}")

    def _at(self, reactor: str) -> Address[object]:
        return Address(Peer(self.peer_id), reactor)

    def _abandoned(self, future: AskFuture[Any]) -> str:
        return "credit" if any(each.envelope.reply is future for _, each in self._waiting) else "reply"

    def _answered(self, future: object) -> None:
        self._asks.pop(cast("AskFuture[Any]", future), None)

    def _terminated(self, reactor: str, watcher: Address[object], reason: str) -> None:
        cell = self._bus.cell(watcher.reactor)
        if cell is not None:
            cell.mailbox.put_system(Envelope(Terminated(self._at(reactor), reason)))


async def _made(envelope: Envelope, work: Coroutine[Any, Any, object]) -> None:
    reply = envelope.reply
    assert reply is not None
    try:
        result = await work
    except Exception as error:  # noqa: BLE001  # what a script raises is for the asker
        reply.raised(error)
    else:
        reply.succeed(result)
