from greeter import Greeter, Hello

from peerbus.actors import Role
from peerbus.testing import Nodes, Probes


async def test_a_greeter_alone(probe: Probes) -> None:
    greeter = await probe.alone(Greeter)
    assert (await greeter.ask(Hello("world"))).startswith("hello world")


async def test_one_node_greets_another(node: Nodes) -> None:
    await node("alice", offers={"greeter"}, reactors=[Greeter])
    bob = await node("bob", channels=[Greeter.channel])
    assert await bob.ask(Role("greeter") / Greeter, Hello("bob")) == "hello bob, this is alice"
