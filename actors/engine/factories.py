"""What a program gives as reactors, looked at where it is given: classes, or functions that make an actor each time."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable

import pykka

from ..messages import Channel
from .body import Body
from .ref import Ref

__all__ = ["channels_of", "factories_of", "refuse_instance", "refuse_uncallable"]


def factories_of(argument: str, given: object) -> tuple[Callable[[], Body], ...]:
    """Read a list of factories. Raises TypeError, saying what would be right, for what is none.

    A class whose constructor needs arguments is none: supervision has to be able to make the actor anew.
    """
    factories = _listed(argument, given, "[Blocks]")
    for factory in factories:
        refuse_instance(factory)
        if not callable(factory):
            raise TypeError(f"{argument} has {factory!r}; pass a class that derives from Reactor, or a function")
        if isinstance(factory, type) and not issubclass(factory, Body):
            base = "pykka.ThreadingActor" if issubclass(factory, pykka.Actor) else "anything else"
            raise TypeError(
                f"{argument} has the class {factory.__name__}, which is no actor of ours: "
                f"derive it from peerbus.actors.Reactor (or Actor), not from {base}"
            )
        if inspect.iscoroutinefunction(factory):
            name = getattr(factory, "__name__", repr(factory))
            raise TypeError(f"{argument} has the async function {name}; what has to be awaited: `on_started`")
        _check_takes_nothing(argument, factory)
        made: object = getattr(factory, "func", factory)  # of a partial
        if isinstance(made, type) and issubclass(made, Body):
            made.check_whole()
    return factories  # type: ignore[return-value]  # as far as can be seen without a call


def channels_of(argument: str, given: object) -> tuple[Channel[object], ...]:
    """Read a list of channels. Raises TypeError, saying what would be right, for what is none."""
    channels = _listed(argument, given, "[Blocks.channel]")
    for channel in channels:
        if not isinstance(channel, Channel):
            own = getattr(channel, "channel", None)
            name = getattr(channel, "__name__", type(channel).__name__)
            hint = f"write {name}.channel" if isinstance(own, Channel) else "write Channel(…) objects"
            raise TypeError(f"{argument} has {channel!r}, which is no channel; {hint}")
    return channels  # type: ignore[return-value]  # each was looked at


def refuse_instance(factory: object) -> None:
    """Raise TypeError for an actor that was made already, or runs."""
    if isinstance(factory, type):
        return
    if isinstance(factory, Ref):
        raise TypeError(f"{factory} runs already; pass its class, {factory.actor_class.__name__}")
    if isinstance(factory, pykka.Actor):
        name = type(factory).__name__
        raise TypeError(
            f"this is an instance of {name}: pass the class, {name}, not {name}(…); an actor that has failed is made "
            f"anew from it. With arguments: functools.partial({name}, …)"
        )


def refuse_uncallable(factory: object) -> None:
    """Raise TypeError for what makes no actor."""
    if not callable(factory):
        raise TypeError(f"{factory!r} makes no actor; pass a class that derives from Actor, or a function")


def _listed(argument: str, given: object, example: str) -> tuple[object, ...]:
    if isinstance(given, str | type | Channel | pykka.Actor | Ref) or not isinstance(given, Iterable):
        shown = given.__name__ if isinstance(given, type) else repr(given)
        raise TypeError(f"{argument} is a list, as in {argument}={example}, not {shown}")
    return tuple(given)


def _check_takes_nothing(argument: str, factory: Callable[..., object]) -> None:
    try:
        signature = inspect.signature(factory)
    except (TypeError, ValueError):  # of some that are written in C nobody knows
        return
    try:
        signature.bind()
    except TypeError as error:
        name = getattr(factory, "__name__", repr(factory))
        missing = [
            parameter.name
            for parameter in signature.parameters.values()
            if parameter.default is parameter.empty
            and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        ]
        filled = ", ".join(f"{each}=…" for each in missing)
        raise TypeError(
            f"{argument} has {name}, which cannot be made without arguments ({error}): "
            f"pass functools.partial({name}, {filled})"
        ) from None
