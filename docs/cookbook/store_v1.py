"""The store, version 1."""

from peerbus.actors import Channel, Message, Reactor, Request, handles


class Put(Message, Request[str]):
    key: str


class Store(Reactor):
    channel = Channel("store", messages=(Put,))

    @handles(Put)
    def put(self, put: Put) -> str:
        return f"version 1 has {put.key}"
