"""An actor with a channel: it has a name on the node, and peers can reach it."""

from __future__ import annotations

from .actor import Actor
from .messages import Channel

__all__ = ["Reactor"]


class Reactor(Actor):
    """An actor that declares one `channel = Channel("name", messages=(…))` and handles its messages.

    Its address is its channel's name. It may handle more types than the channel declares: those of its own timers
    and watches. Raises TypeError where `channel` is no Channel, when the class is made, or missing, when an actor is.
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
        super().__init__(*args, **kwargs)

    @classmethod
    def declared_channel(cls) -> Channel[object]:
        """The channel. Raises TypeError for an abstract reactor."""
        if cls.__channel__ is None:
            raise TypeError(f"{cls.__name__} declares no channel")
        return cls.__channel__
