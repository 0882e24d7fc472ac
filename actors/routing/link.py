"""What the bus needs of the floors above: ways to peers, and to other processes of this node."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, runtime_checkable

from ..base import SendError
from ..engine import Load
from ..messages import Address, Capability
from ..sends import AskFuture, Outcome, Supply, Within
from ..streams import ItemBuffer, ItemSink
from .purpose import Purpose

if TYPE_CHECKING:
    from typing_extensions import TypeForm

__all__ = ["Link", "StreamLink"]

R = TypeVar("R")


class Link(Protocol):
    """The way to one connected peer, or to another process of this node. `peerbus.transports` implements both."""

    @property
    def inside(self) -> bool:
        """It leads to another process of this node: whoever is reached by it is `LOCAL`, and no peer."""

    @property
    def reactors(self) -> Collection[str]:
        """The names of what runs there and can be sent to."""

    @property
    def peer_id(self) -> str:
        """Node id of the peer, proven by the handshake."""

    @property
    def roles(self) -> Mapping[str, Capability]:
        """What the peer offers, by role, as it said in the handshake or since."""

    def load(self, reactor: str) -> Load:
        """How busy that reactor is, as far as this side knows, and how long its answers took.

        A failure counts as an answer that took long, so that failing quickly is not taken for working quickly.
        """

    def has(self, reactor: str) -> bool:
        """The peer runs a reactor of this name."""

    def takes(self, reactor: str, kind: type, purpose: Purpose) -> int:
        """How large a message of that class may be that is sent to the reactor now, as a number; 0 where none can be.

        Where it is the same for two, what fits one of them fits the other; else see `fits`.
        """

    def why_not(self, reactor: str, kind: type) -> str:
        """Why a message of that class cannot be sent to the reactor, or asked of it; empty where nothing is known."""

    def lets(self, reactor: str, purpose: Purpose) -> bool:
        """The peer's operator lets this node do that there, as far as the peer has said."""

    def awaits(self, reactor: str) -> bool:
        """What the peer declares on that reactor's channel is on its way: what is sent waits for that."""

    def fits(self, reactor: str, message: object, memo: dict[object, object]) -> bool:
        """A message of a class that the reactor `takes` is not too large for it. `memo` as for `tell`."""

    def take_over(self, before: Link) -> None:
        """Replace an older link to the same peer: its waiting senders move here; what it accepted is written first."""

    def tell(
        self,
        reactor: str,
        message: object,
        sender: Address[object] | None,
        timeout: float | None,
        memo: dict[object, object] | None = None,
    ) -> Outcome[None]:
        """Send; the outcome is there when the message is accepted against the receiver's credit.

        It waits for credit `timeout` seconds at most, None: as its channel says.
        `memo` is one dict for all links of a send to several peers: the message is encoded once.
        """

    def pour(
        self,
        reactor: str,
        supply: Supply,
        sender: Address[object] | None,
        within: Within,
        memo: dict[object, object] | None = None,
    ) -> Outcome[None] | None:
        """Send messages as far as there is credit; see `many.Way`. `memo` as for `tell`."""

    def refuse_send(
        self, reactor: str, message: object, sender: Address[object] | None, error: SendError, *, letter: bool
    ) -> None:
        """A message that was to be sent is not: count it; `letter`: dead letters know."""

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
        """Send and await the answer until `deadline` (the loop's clock)."""

    def watch(self, reactor: str, watcher: Address[object] | None) -> None:
        """Tell `watcher` when the peer's reactor stops or the peer goes."""

    def unwatch(self, reactor: str, watcher: Address[object] | None) -> None:
        """Forget the watch."""


@runtime_checkable
class StreamLink(Protocol):
    """A link that carries streams as well."""

    #: The other side knows streams: its version does.
    knows_streams: bool

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
        """As `Link.ask`, for an answer in items, which come into `buffer`; `opened`: items go there too, by the sink.

        `within`: when there has to be credit for the message itself.
        """
