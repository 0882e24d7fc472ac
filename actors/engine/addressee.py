"""An actor as its senders see it: what it takes, how a send fails here, and where a failure is told."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextvars import Context
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from pykka.messages import ProxyCall, ProxyGetAttr, ProxySetAttr, _ActorStop

from ..base import SendError
from ..mailbox import Envelope, Mailbox
from ..messages import DEFAULT_TIMEOUT, Address, Channel
from ..sends import DELIVERED, AskFuture, FailedOutcome, ForeignWaiting, Outcome, Search, Supply, Within, spent
from .behaviour import Behaviour
from .named_actor import log
from .rehearsal import LOOKS, wrong_message
from .supervised import Supervised
from .supervisor import Supervisor
from .timers import Tick

if TYPE_CHECKING:
    from typing_extensions import TypeForm

    from .host import Host

__all__ = ["PYKKA_MESSAGES", "Addressee", "tell_undelivered"]

R = TypeVar("R")

#: What Pykka's proxies and refs send; no channel has to declare it.
PYKKA_MESSAGES = (_ActorStop, ProxyCall, ProxyGetAttr, ProxySetAttr)


class Addressee(Supervised):
    """See the module. A sender is an addressee as well, or None: plain code."""

    __slots__ = ("timeout", "types")

    bus: Host | None
    parent: Addressee | None
    #: What is sent to it goes to others that it picks: it is a pool.
    spreads: ClassVar[bool] = False

    def __init__(
        self,
        actor_class: type[Behaviour],
        factory: Callable[[], Behaviour] | None,
        bus: Host | None = None,
        name: str | None = None,
        parent: Addressee | None = None,
        supervisor: Supervisor | None = None,
        context: Context | None = None,
    ) -> None:
        urn = uuid.uuid4().urn if bus is None else bus.actors.next_urn()
        super().__init__(actor_class, factory, bus, name, parent, supervisor, urn, context)
        channel = actor_class.__channel__
        mailbox: Mailbox | None = None
        if channel is not None and bus is not None and bus.channels.tuning:
            channel = bus.channels.tuned(channel)
            mailbox = Mailbox(channel.mailbox, channel.mailbox_bytes, channel.overflow)
        #: The messages that are taken without a look; None: all.
        self.types = None if channel is None else channel.types
        if channel is not None and not channel.local and bus is not None and bus.checks_sends:
            self.types = LOOKS
        self.timeout = DEFAULT_TIMEOUT if channel is None else channel.timeout
        self.mailbox = actor_class._create_actor_inbox() if mailbox is None else mailbox
        self.mailbox.on_drop = self.undelivered

    # Where what is sent goes; see `peerbus.actors.pools`.

    def has_child(self, child: Addressee) -> None:
        """A child is being made, and has its cell."""

    def mailbox_for(self, envelope: Envelope) -> Mailbox:
        """The mailbox that a peer's message goes into."""
        return self.mailbox

    def hold_back(self, envelope: Envelope) -> None:
        """A peer's message is to go into the mailbox of a pool itself."""

    def each(self) -> tuple[Addressee, ...]:
        """All in whose mailboxes its messages may be."""
        return (self,)

    # Sending to this cell.

    def tell(self, message: object, sender: Addressee | None, timeout: float | None) -> Outcome[None]:
        """Deliver `message` from `sender` (None: plain code). From any thread."""
        raise NotImplementedError

    def ask(
        self, message: object, sender: Addressee | None, timeout: float | None, reply: TypeForm[R] | None, bus: Host
    ) -> Outcome[R]:
        """Deliver `message` from the event loop of `bus`, with a future for the answer."""
        raise NotImplementedError

    def inform(self, message: object) -> None:
        """Deliver a fact that the actor subscribed to, of whatever type; without room it is forgotten."""
        raise NotImplementedError

    def refusal(self, envelope: Envelope, sender: Addressee | None, timeout: float | None) -> SendError | None:
        """Why a send cannot even begin: no time is left for it, or it is no message for this actor."""
        if timeout is not None and not (timeout >= 0 if envelope.reply is None else timeout > 0):
            return spent(timeout, envelope.message)
        return self.check_type(envelope.message, sender)

    def check_type(self, message: object, sender: Addressee | None) -> SendError | None:
        """What is wrong with sending this message here, if anything."""
        channel = self.channel
        if channel is None or sender is self or isinstance(message, PYKKA_MESSAGES):
            return None
        return wrong_message(self, channel, message)

    @property
    def channel(self) -> Channel[Any] | None:
        """What it takes, with what is set of that on its bus; None: anything."""
        channel = self.actor_class.__channel__
        return channel if channel is None or self.bus is None else self.bus.channels.tuned(channel)

    @property
    def runs_on(self) -> str:
        """Where its actor runs: on the `loop`, a `thread`, in a `process`."""
        return "loop"

    @property
    def takes_items(self) -> bool:
        """Items may come with a message to it."""
        return True

    @property
    def process(self) -> int:
        """The process that its actor runs in; 0: this one, or none at this moment."""
        return 0

    @property
    def worked_on_elsewhere(self) -> int:
        """Messages that are counted as queued here while another process handles them."""
        return 0

    def takes_back(self, child: Addressee, wait: object, search: Search) -> bool:
        """What lies at a child, which stands still, waits for others from now on; `search` went on there."""
        return False

    def takes_again(self, envelope: Envelope) -> bool:
        """What a child was handed, and certainly never began, waits for others from now on. False: it cannot."""
        return False

    def want_room(self) -> None:
        """A message waits for this member of a pool to have nothing to do, but for what goes on beside its messages."""

    @property
    def moves(self) -> int:
        """Another number as soon as a message was taken here."""
        return self.came_in_all

    @property
    def came_in_all(self) -> int:
        """Messages that it has got."""
        return self.mailbox.delivered

    def watch_for_deadlocks(self) -> None:
        """A sender begins to wait for room. From any thread."""
        if self.bus is not None:
            self.bus.watch_for_deadlocks()

    def pour(self, supply: Supply, sender: Addressee | None, within: Within) -> Outcome[None] | None:
        """Deliver messages as far as there is room; see `many.Way`. From any thread."""
        raise NotImplementedError

    def tell_foreign(self, envelope: Envelope, timeout: float | None) -> Outcome[None]:
        """Deliver from a thread that does not own the mailbox; where there is no room the outcome waits."""
        try:
            if self.mailbox.offer_foreign(envelope):
                return DELIVERED
        except SendError as refusal:
            return self.fail(envelope, refusal, counted=True)
        seconds = self.timeout if timeout is None else timeout
        return ForeignWaiting(self.mailbox, envelope, seconds, self.undelivered, self)

    def fail(self, envelope: Envelope, error: SendError, *, counted: bool = False) -> FailedOutcome:
        """A send failed: count it, let dead letters know. Returns its outcome. From any thread."""
        if not counted:
            self.mailbox.refuse(error)
        error.__traceback__ = None  # what keeps it, a dead letter say, keeps no frames of the sender's
        self.undelivered(envelope, error)
        return FailedOutcome(error)

    # Failures that somebody is told of.

    def undelivered(self, envelope: Envelope, error: SendError) -> None:
        """A message is not handled: let dead letters know. From any thread."""
        tell_undelivered(self.bus, self.address, self, envelope, error)

    def heard_behind(self) -> Callable[[Envelope, SendError], None]:
        """As `undelivered`, of an actor that has ended."""
        return partial(tell_undelivered, self.bus, self.address, str(self))

    def answered_wrong(self, message: object, error: Exception) -> None:
        """Its answer was not what was asked for: the asker is told, and here it is logged. From any thread."""
        log.warning("wrong answer", **self.named, message=type(message).__name__, why=str(error))

    def unheard(self, ask: AskFuture[Any], error: BaseException) -> None:
        """An ask of this actor failed, and nobody looked at its outcome: let dead letters know."""
        letter = error if isinstance(error, SendError) else None
        if self.bus is not None and not (letter is not None and letter.in_dead_letters):
            self.bus.dead_letter(ask.message, "unheard", to=self.address, sender=None, error=letter)


def tell_undelivered(
    bus: Host | None, address: Address[object] | None, name: object, envelope: Envelope, error: SendError
) -> None:
    """A message to the actor of that address, or of that name where it has no bus, is not handled. From any thread."""
    reply = envelope.reply
    if isinstance(reply, AskFuture) and isinstance(reply._exception, SendError):
        reply._exception.in_dead_letters = True  # here it becomes one; it is not to be another, as unheard
    if isinstance(envelope.message, Tick):
        envelope.message.timer.dropped()
    elif bus is not None:
        bus.dead_letter(envelope.message, error.reason, to=address, sender=envelope.sender, error=error)
    else:
        log.warning("dead letter", to=str(name), reason=error.reason, message=type(envelope.message).__name__)
