"""What routing needs of the bus: the tables that addresses are looked up in, and where sends go that find nobody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from random import Random
from typing import TYPE_CHECKING, Any, Protocol

from ..engine import Cell, Host, Ref, RunsBlocking
from ..mailbox import Books, DeadLetters
from ..messages import Address, Capability, GroupAddress, How
from ..sends import Outcome
from .outward import Outward
from .routes import Routes

if TYPE_CHECKING:
    from typing_extensions import TypeForm

__all__ = ["CellOf", "Directory", "RouterHost", "SearchText"]


class SearchText(Protocol):
    """Says how peers are looked for. Not a Callable, which pyright takes for a method where it is an attribute."""

    def __call__(self) -> str:
        """The text, for errors."""


class CellOf(Protocol):
    """Finds a cell by its name. As `SearchText`."""

    def __call__(self, name: str, /) -> Cell | None:
        """The cell; None where there is none."""


class KnowsWhetherItRuns(RunsBlocking, Protocol):
    """The life of a bus."""

    def check_running(self) -> None:
        """Raise PeerbusError where it does not run yet."""


class Directory(Host, Protocol):
    """See the module."""

    #: The cell of a name.
    cell: CellOf
    #: The published table of peers.
    routes: Routes
    #: Sends to peers for this process, where it has none itself as it is one of several of its node.
    outward: Outward | None
    #: What this node itself offers, by role.
    roles: Mapping[str, Capability]
    #: This node's id among those that a key picks of.
    node_id: str
    #: Chooses among receivers.
    rng: Random
    #: What became of sends.
    books: Books
    dead_letters: DeadLetters
    #: Says how peers are looked for, for errors.
    search: SearchText

    @property
    def life(self) -> KnowsWhetherItRuns:
        """Its life."""

    def send_many(
        self,
        to: Ref[Any] | Address[Any] | GroupAddress[Any],
        messages: Iterable[object],
        timeout: float | None,
        sender: Cell | None,
    ) -> Outcome[Any]:
        """Many tells from `sender`."""

    def tell_router(self, message: object) -> None:
        """Tell the router, before all that waits there. From any thread."""

    def send(
        self,
        to: Ref[Any] | Address[Any] | GroupAddress[Any],
        message: object,
        timeout: float | None,
        sender: Cell | None,
        how: How | None = None,
    ) -> Outcome[Any]:
        """A tell from `sender`."""

    def request(
        self,
        to: Ref[Any] | Address[Any] | GroupAddress[Any],
        message: object,
        timeout: float | None,
        reply: TypeForm[Any] | None,
        sender: Cell | None,
        how: How | None = None,
    ) -> Outcome[Any]:
        """An ask from `sender`."""


class RouterHost(Directory, Protocol):
    """What the router needs of its bus."""

    #: Some sends wait until somebody answers to their address.
    receivers_awaited: bool
