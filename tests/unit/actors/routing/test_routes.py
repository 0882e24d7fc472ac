"""The table that sends are looked up in: a value, by node id and by role."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from peerbus.actors import Capability, Where
from peerbus.actors.routing.routes import Routes


class Offering:
    """As much of a link as the table looks at."""

    def __init__(self, *offers: str, reactors: str = "blocks") -> None:
        self.roles = {capability.role: capability for capability in map(Capability.parse, offers)}
        self._reactors = reactors.split()

    def has(self, reactor: str) -> bool:
        return reactor in self._reactors


def table(**links: Any) -> Routes:
    return Routes.of(links)


def test_a_table_is_a_value() -> None:
    links: dict[str, Any] = {"a": Offering("x", "y")}
    found = Routes.of(links)
    links.clear()
    assert len(found.peers) == 1
    assert set(found.roles) == {"x", "y"}
    with pytest.raises(FrozenInstanceError):
        found.peers = {}  # type: ignore[misc]  # the mistake
    assert Routes.of({}) == Routes()


def test_those_that_offer_a_role_have_the_reactor_and_fulfil_the_conditions() -> None:
    full: Any = Offering("archive{from=0}")
    recent: Any = Offering("archive{from=1000}")
    other: Any = Offering("index")
    routes = table(full=full, recent=recent, other=other, idle=Offering("archive{from=0}", reactors=""))
    assert routes.offering("archive", "blocks") == [full, recent]
    assert routes.offering("archive", "blocks", Where.parse("from<=500")) == [full]
    assert routes.offering("miner", "blocks") == []
    assert routes.with_reactor("blocks") == [full, recent, other]
    assert routes.with_reactor("nothing") == []
