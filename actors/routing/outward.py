"""The way out of a process that is one of several of its node: whoever has the node's peers sends for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..messages import Address, GroupAddress, How
from ..sends import AskFuture, Outcome
from ..streams import ItemBuffer, ItemSink

if TYPE_CHECKING:
    from typing_extensions import TypeForm

__all__ = ["Outward"]


class Outward:
    """Sends to peers, and to those of a role, for a bus that has no links to peers. On the loop's thread only.

    A class, and no protocol: what way a send goes is told by it, and a link has methods of the same names.
    """

    def tell(
        self,
        to: Address[Any] | GroupAddress[Any],
        message: object,
        timeout: float | None,
        sender: Address[object] | None,
        how: How | None = None,
    ) -> Outcome[Any]:
        """A tell; its outcome is what it would be there."""
        raise NotImplementedError

    def tell_many(
        self,
        to: Address[Any] | GroupAddress[Any],
        messages: Sequence[object],
        timeout: float | None,
        sender: Address[object] | None,
    ) -> Outcome[Any]:
        """Tells, one after the other."""
        raise NotImplementedError

    def ask(
        self,
        to: Address[Any] | GroupAddress[Any],
        message: object,
        timeout: float | None,
        reply: TypeForm[Any] | None,
        sender: Address[object] | None,
        how: How | None = None,
    ) -> Outcome[Any]:
        """An ask; its outcome is what it would be there."""
        raise NotImplementedError

    def stream(
        self,
        to: Address[Any],
        message: object,
        timeout: float | None,
        idle: float,
        sender: Address[object] | None,
        *,
        buffer: ItemBuffer,
        opened: bool,
        wait_for_peer: bool,
    ) -> tuple[AskFuture[Any], Outcome[Any], ItemSink]:
        """An answer in items, which come into `buffer`; `opened`: items go there too, by the sink.

        `timeout` seconds for all of it, None for no bound; `idle` for one item. `wait_for_peer`: as for an ask.
        """
        raise NotImplementedError

    def watch(self, target: Address[Any], watcher: Address[object] | None) -> None:
        """Tell `watcher` when that reactor of a peer stops, or the peer goes."""
        raise NotImplementedError

    def unwatch(self, target: Address[Any], watcher: Address[object] | None) -> None:
        """Forget the watch."""
        raise NotImplementedError
