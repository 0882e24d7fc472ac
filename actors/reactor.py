"""An actor with a channel: it has a name on the node, and peers can reach it."""

from __future__ import annotations

from .actor import Actor
from .messages import Channel

__all__ = ["Reactor"]


class Reactor(Actor):
    """An actor that declares one `channel = Channel("name", messages=(…))` and handles its messages.

    Its address is its channel's name. It may handle more types than the channel declares: those of its own timers
    and watches, and fewer only where the others are facts or answers, or `on_receive` is its own.
    Raises TypeError where `channel` is no Channel, when the class is made; where it is missing, or has a message that
    nothing handles, when an actor is made, or its class is given to a node: the class may be a base of others.

    ```python
    class Greet(Message, Request[str]):
        name: str

    class Greeter(Reactor):
        channel = Channel("greeter", messages=(Greet,))

        @handles(Greet)
        def greet(self, wanted: Greet) -> str:
            return f"hello {wanted.name}"

    async with Bus(reactors=[Greeter]) as bus:
        assert await bus.ask(LOCAL / Greeter, Greet("Ada")) == "hello Ada"
    ```
    """

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        channel = cls.__channel__
        if channel is None:
            if getattr(cls, "channel", None) is not None:
                raise TypeError(f"{cls.__name__}.channel must be a Channel, not {cls.channel!r}")  # type: ignore[attr-defined]
            return  # an abstract reactor: its subclasses declare the channel

    def __init__(self, *args: object, **kwargs: object) -> None:
        if type(self).__channel__ is None:
            raise TypeError(
                f"{type(self).__name__} declares no channel: "
                f'channel = Channel("{type(self).__name__.lower()}", messages=(…))'
            )
        type(self).check_whole()
        super().__init__(*args, **kwargs)

    @classmethod
    def declared_channel(cls) -> Channel[object]:
        """The channel. Raises TypeError for an abstract reactor."""
        if cls.__channel__ is None:
            raise TypeError(f"{cls.__name__} declares no channel")
        return cls.__channel__
