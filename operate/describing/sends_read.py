"""Who asks whom, as far as the source of an actor tells: sends whose address and message are written out in it."""

# Law. Nothing is run for it. What a send is addressed to by a variable is not found, and nothing is guessed instead.

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ...actors.actor import Actor
from ...actors.messages import Channel
from ...actors.reactor import Reactor

__all__ = ["SendRead", "sends_read"]

_VERBS = frozenset({"tell", "tell_many", "ask", "stream", "open"})


@dataclass(frozen=True, slots=True)
class SendRead:
    """`verb`: as it is called. `where`: the receivers as written, `Role("greeter")`. `message`: its class, or empty."""

    verb: str
    where: str
    channel: str
    message: str


def sends_read(actor: type) -> tuple[SendRead, ...]:
    """What the class sends, and those that it stands on, in the order of the source; none of those of peerbus."""
    found: dict[SendRead, None] = {}
    for cls in actor.__mro__:
        if issubclass(cls, Actor) and not cls.__module__.startswith("peerbus."):
            found |= dict.fromkeys(_sends_of(cls))
    return tuple(found)


def _sends_of(cls: type) -> Iterator[SendRead]:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(cls)))
    except (OSError, TypeError, SyntaxError):  # made at run time, or its source is not there
        return
    module = sys.modules.get(cls.__module__)
    names = {**vars(module)} if module is not None else {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _VERBS:
            send = _send(node, node.func.attr, names)
            if send is not None:
                yield send


def _send(call: ast.Call, verb: str, names: Mapping[str, object]) -> SendRead | None:
    to = call.args[0] if call.args else None
    if isinstance(to, ast.Name):
        return None
    if not isinstance(to, ast.BinOp) or not isinstance(to.op, ast.Div):
        return None
    channel = _channel_of(to.right, names)
    if channel is None:
        return None
    message = _message_of(call.args[1], names) if len(call.args) > 1 else ""
    return SendRead(verb, ast.unparse(to.left), channel, message)


def _channel_of(node: ast.expr, names: Mapping[str, object]) -> str | None:
    """The channel that stands behind the slash: a text, a reactor, or a channel."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    found = _value(node, names)
    if isinstance(found, type) and issubclass(found, Reactor):
        found = found.__channel__
    return found.name if isinstance(found, Channel) else None


def _message_of(node: ast.expr, names: Mapping[str, object]) -> str:
    if not isinstance(node, ast.Call):
        return ""
    found = _value(node.func, names)
    return found.__name__ if isinstance(found, type) else ""


def _value(node: ast.expr, names: Mapping[str, object]) -> object:
    """What a name, or a dotted one, stands for in the module; None where it stands for nothing there."""
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Attribute):
        holder = _value(node.value, names)
        return None if holder is None else getattr(holder, node.attr, None)
    return None
