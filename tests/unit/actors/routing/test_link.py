"""The way to a peer that actors need: whoever implements it takes what the contract says."""

from __future__ import annotations

import inspect

import pytest

from peerbus.actors import Bus, Link, Peer
from peerbus.testing import PeerProbe
from peerbus.testing.kit.probe_link import ProbeLink
from peerbus.transports.sending.link import PeerLink

#: What a link does, as the contract names it.
CALLS = [name for name, call in vars(Link).items() if inspect.isfunction(call) and not name.startswith("_")]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("implementation", [PeerLink, ProbeLink])
def test_an_implementation_takes_the_arguments_of_the_contract(implementation: type, call: str) -> None:
    _, *wanted = inspect.signature(getattr(Link, call)).parameters.values()
    _, *taken = inspect.signature(getattr(implementation, call)).parameters.values()
    assert [(each.name, each.kind) for each in taken] == [(each.name, each.kind) for each in wanted]


def test_the_contract_has_calls() -> None:
    assert {"tell", "ask", "pour", "refuse_send", "take_over", "watch", "unwatch", "load", "has"} <= set(CALLS)


async def test_a_link_says_who_is_there_and_what_they_offer() -> None:
    async with Bus() as bus, PeerProbe(bus, roles={"archive{from=0}"}) as peer:
        link = bus.routes.peers[peer.id]
        assert link.peer_id == peer.id
        assert str(link.roles["archive"]) == "archive{from=0}"
        assert not link.has("blocks")
        assert str(Peer(link.peer_id) / "blocks").endswith("/blocks")
