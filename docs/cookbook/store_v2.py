"""The store, version 2: a field more, with a default, and a message more."""

from peerbus.actors import Channel, Message, Reactor, Request, handles


class Put(Message, Request[str]):
    key: str
    owner: str = "nobody"


class Delete(Message, Request[str]):
    key: str


class Store(Reactor):
    channel = Channel("store", messages=(Put, Delete))

    @handles(Put)
    def put(self, put: Put) -> str:
        return f"version 2 has {put.key} of {put.owner}"

    @handles(Delete)
    def delete(self, delete: Delete) -> str:
        return f"version 2 has {delete.key} no longer"
