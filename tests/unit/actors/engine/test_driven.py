"""What a life needs of whoever runs the actor, each kind of cell has."""

from __future__ import annotations

import pytest

from peerbus.actors.engine.driven import Driven
from peerbus.actors.engine.loop_cell import LoopCell
from peerbus.actors.engine.thread_cell import ThreadCell

#: What a cell without tasks beside its messages has none of.
HAS_DEFAULT = {"beside", "work_for"}


@pytest.mark.parametrize("kind", [LoopCell, ThreadCell])
def test_a_cell_says_how_to_do_each_of_it(kind: type[Driven]) -> None:
    needed = [name for name, made in vars(Driven).items() if callable(made) and not name.startswith("_")]
    needed = [name for name in needed if name not in HAS_DEFAULT]
    assert needed
    assert [name for name in needed if getattr(kind, name) is getattr(Driven, name)] == []
