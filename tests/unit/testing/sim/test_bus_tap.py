"""Facts of a bus in words: what two runs of one seed would say alike."""

from __future__ import annotations

from peerbus.actors import LOCAL, Actor, Bus, handles
from peerbus.discovery.facts import Direction, PeerDown, PeerUp
from peerbus.testing.sim.bus_tap import BusTap


class Fails(Actor):
    @handles(str)
    def fail(self, _: str) -> None:
        raise ValueError("it differs from run to run")


async def heard(*facts: object, fails: bool = False) -> list[str]:
    """What the tap says of these."""
    said: list[str] = []
    async with Bus("alice") as bus:
        BusTap(bus, lambda node_id: node_id[:3], said.append)
        for fact in facts:
            bus.publish(fact)
        if fails:
            bus.spawn(Fails, name="fails")
            await bus.tell(LOCAL / "fails", "now")
    return said


async def test_peers_have_their_names() -> None:
    up, down = PeerUp("bob" + "0" * 61, 1, Direction.DIALED), PeerDown("bob" + "0" * 61, "restarted")
    assert (await heard(up, down))[:2] == ["peer up: bob, dialed", "peer down: bob, restarted"]


async def test_a_failure_is_named_by_its_class_alone() -> None:
    said = await heard(fails=True)
    assert "fails failed, restart: ValueError" in [line.replace("bus://local/", "") for line in said]
    assert not any("it differs" in line for line in said)


async def test_other_facts_are_not_heard() -> None:
    assert not any("nonsense" in line for line in await heard("nonsense", 7))
