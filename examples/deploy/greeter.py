"""The reactor of all the configurations in this folder: whoever asks the role `greeter` is greeted by one node."""

from __future__ import annotations

from peerbus.actors import Channel, Message, Reactor, handles


class Greet(Message):
    """Greet somebody of that name."""

    name: str


class Greeter(Reactor):
    """Says hello."""

    channel = Channel("greeter", messages=(Greet,), idempotent=(Greet,))

    @handles(Greet)
    def greet(self, message: Greet) -> str:
        """The greeting."""
        return f"Hello, {message.name}!"
