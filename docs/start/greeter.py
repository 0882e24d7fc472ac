from peerbus.actors import LOCAL, Channel, Message, Reactor, Request, handles
from peerbus.node import Node


class Hello(Message, Request[str]):  # whoever asks with it is answered by a str
    name: str


class Greeter(Reactor):
    channel = Channel("greeter", messages=(Hello,))

    @handles(Hello)
    def greet(self, hello: Hello) -> str:
        return f"hello {hello.name}, this is {self.bus.name}"


if __name__ == "__main__":
    with Node("alice", reactors=[Greeter]) as node:
        print(node.ask(LOCAL / Greeter, Hello("world")).get())
