"""An actor that is being built for the first time, on a bus."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from ..base import PeerbusError
from ..messages import REACTOR_PATTERN, Supervision, article
from .behaviour import Behaviour
from .building import build_for, context_on
from .cell import Cell
from .host import Host
from .loop_cell import LoopCell
from .ref import Ref
from .supervisor import Supervisor
from .thread_cell import ThreadCell
from .traced_cells import TracedLoopCell, TracedThreadCell

__all__ = ["Spawning"]


class Spawning:
    """An actor that is being built for the first time: its class is known when its `__init__` runs."""

    def __init__(
        self,
        bus: Host,
        factory: Callable[[], Any],
        name: str | None,
        supervision: Supervision | None,
        parent: Cell | None,
        dispatcher: str | None = None,
    ) -> None:
        if name is not None and not REACTOR_PATTERN.fullmatch(name):
            raise ValueError(f"not an actor's name: {name!r} (lower-case letters, digits, '.', '_', '-'; at most 63)")
        self.factory = factory
        self.cell: Cell | None = None
        self._bus = bus
        self._name = name
        self._supervision = supervision
        self._parent = parent
        #: Where it runs, whatever its class says; None: where that says.
        self._dispatcher = dispatcher
        #: That of the code that spawns the actor: what the actor runs in, from its constructor on.
        self.context = context_on(bus)
        if bus.tracer is not None:
            self.context.run(bus.tracer.forget)

    def build(self) -> Ref[Any]:
        """Make the actor; returns its ref. Raises what the factory raises."""
        return self.context.run(self._build)

    def _build(self) -> Ref[Any]:
        actor = build_for(self, self.factory)
        cell = self.cell
        if cell is None or cell.actor is not actor or cell.ref is None:
            raise PeerbusError(self._why_none(actor))
        return cast("Ref[Any]", cell.ref)

    def _why_none(self, made: object) -> str:
        name = type(made).__name__
        if not isinstance(made, Behaviour):
            what = f"{shown_factory(self.factory)} makes {article(name)}, not an actor"
            return f"{what}: pass a class that derives from Actor"
        if self.cell is None and not hasattr(made, "_cell"):
            return f"{name}.__init__ does not call super().__init__(): let it do so before all else"
        return f"{shown_factory(self.factory)} must make a new actor at each call, and no other"

    def discard(self) -> None:
        """The actor will not run: what it has started meanwhile ends."""
        for child in () if self.cell is None else tuple(self.cell.children or ()):
            child.parent = None
            child.kill("its parent could not be started")
        if self.cell is not None:
            self.cell.let_go()

    def claim(self, actor: Behaviour) -> Cell:
        """Make the cell of `actor`."""
        actor_class = type(actor)
        name = self._name or self._bus.actors.actor_name(actor_class)
        self._bus.actors.check_free(name)
        self.cell = self._cell_class(actor_class)(
            actor_class,
            self.factory,
            self._bus,
            name,
            self._parent,
            Supervisor(self._supervision or actor_class.supervision),
            self.context,
        )
        if self._parent is not None:
            self._parent.has_child(self.cell)
        return self.cell

    def _cell_class(self, actor_class: type[Behaviour]) -> type[Cell]:
        if self._bus.tracer is not None and actor_class.traced_cell_class is not None:
            return actor_class.traced_cell_class
        if actor_class.cell_class is not None:
            return actor_class.cell_class
        runs_by = self._dispatcher or actor_class.dispatcher
        if runs_by == "process" and self._bus.outward is None:
            name = actor_class.__name__
            raise PeerbusError(
                f"{name} has dispatcher = 'process': give it to the node, Node(reactors=[{name}]), which runs it in a "
                "process of its own; what is spawned runs in this one"
            )
        threaded = runs_by == "thread"
        if self._bus.tracer is None or actor_class.ends_in is not None:  # of its own actors nobody has traces
            return ThreadCell if threaded else LoopCell
        return TracedThreadCell if threaded else TracedLoopCell


def shown_factory(factory: Callable[[], Any]) -> str:
    """A factory as one writes it: with the arguments that a partial adds left out."""
    inner = getattr(factory, "func", factory)
    return getattr(inner, "__qualname__", None) or repr(inner)
