from greeter import Greeter, Hello

from peerbus.actors import Role
from peerbus.node import Node

with Node("bob", network="start", peers=["tcp://127.0.0.1:7400"], channels=[Greeter.channel]) as bob:
    print(bob.ask(Role("greeter") / Greeter, Hello("bob"), wait_for_peer=True).get())
