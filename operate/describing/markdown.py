"""What nodes speak as a page of Markdown: a table of channels, then each with its messages, types and sends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...actors.base import ConfigError
from ...actors.messages import Channel, Message, Unresolved
from ...node.schema import SpokenNode
from ...transports.schema import REQUIRED, Definition, Description, describe, spelled_shape
from .sends_read import sends_read
from .spoken_channel import SpokenChannel, SpokenMessage, channels_of, told_of

__all__ = ["markdown_page"]

#: What a channel says of its bounds, where it is not as every channel's.
_BOUNDS = ("priority", "mailbox", "mailbox_bytes", "window", "window_bytes", "timeout", "max_message", "max_elements")


class _Nothing(Message):
    """The message of a channel that says nothing of its bounds."""


def markdown_page(nodes: Iterable[SpokenNode]) -> str:
    """The page. Raises ConfigError where a message cannot travel."""
    return "\n\n".join("\n".join(_node(node)) for node in nodes) + "\n"


def _node(node: SpokenNode) -> Iterator[str]:
    yield f"# {_text(node.name)}"
    facts = [
        ("network", _code([node.network]) if node.network else ""),
        ("offers", _code(node.offers)),
        ("listens at", _code(node.listen)),
        ("requires", ", ".join(map(str, node.requires))),
    ]
    said = [f"- {name}: {value}" for name, value in facts if value]
    if said:
        yield ""
        yield from said
    channels = list(channels_of(node))
    if channels:
        yield from ("", "| channel | run by | messages |", "| --- | --- | --- |")
    for each in channels:
        yield f"| `{each.channel.name}` | {_runner(each)} | {_code(message.name for message in each.messages)} |"
    for name in node.unknown:
        yield f"\n`{name}` runs something too: a function says no channel before it is called."
    for each in channels:
        yield ""
        yield from _channel(node, each)


def _runner(spoken: SpokenChannel) -> str:
    served = spoken.served
    if served is None:
        return "others: this node sends to it"
    name = f"`{served.actor.__name__}`" if served.actor is not None else "it"
    pool = f", a pool of {served.members}" if served.members > 1 else ""
    process = f", in the process `{served.process}`" if served.process else ""
    local = ", for this node alone" if spoken.channel.local else ""
    return f"{name}{pool}{process}{local}"


def _channel(node: SpokenNode, spoken: SpokenChannel) -> Iterator[str]:
    channel = spoken.channel
    yield f"## {channel.name}"
    if spoken.about:
        yield f"\n{spoken.about}"
    bounds = ", ".join(_bounds(channel))
    if bounds:
        yield f"\n{bounds}"
    yield from ("", "| message | fields | answered by | |", "| --- | --- | --- | --- |")
    try:
        description = None if channel.local else describe(channel).description
    except (TypeError, Unresolved) as error:
        raise ConfigError(f"{node.source}: {error}") from error
    shown = set()
    for message in spoken.messages:
        fields, answer = "", ""
        if description is not None:
            number = description.number_of(message.name)
            shape = description.messages[(number or 1) - 1]
            fields = _fields(shape.shape, description)
            answer = "" if shape.answer is None else f"`{_cell(spelled_shape(shape.answer, description))}`"
            shown.add(shape.shape)
        told = told_of(message.kind).partition("\n\n")[0]
        yield f"| `{message.name}` | {fields} | {_answer(message, answer)} | {_text(' '.join(told.split()))} |"
    if description is not None:
        yield from _types(description, shown)
    yield from _sends(spoken)


def _answer(message: SpokenMessage, answer: str) -> str:
    if message.in_items:
        return f"a stream of {answer}"
    return answer if message.handled or answer else "*is an answer*"


def _types(description: Description, shown: set[object]) -> Iterator[str]:
    """The classes that stand in fields and answers."""
    others = [each for place, each in enumerate(description.definitions) if place not in shown]
    if others:
        yield from ("", "| type | fields |", "| --- | --- |")
    for each in others:
        yield f"| `{each.name}` | {_fields_of(each, description)} |"


def _fields(shape: object, description: Description) -> str:
    if isinstance(shape, int) and 0 <= shape < len(description.definitions):
        return _fields_of(description.definitions[shape], description)
    return f"`{_cell(spelled_shape(shape, description))}`"


def _fields_of(definition: Definition, description: Description) -> str:
    return ", ".join(
        f"`{each.name}{'' if each.presence == REQUIRED else '?'}: {_cell(spelled_shape(each.shape, description))}`"
        for each in definition.fields
    )


def _sends(spoken: SpokenChannel) -> Iterator[str]:
    actor = None if spoken.served is None else spoken.served.actor
    sends = () if actor is None else sends_read(actor)
    if sends:
        yield from ("", "It sends, as far as its source tells:", "")
    for each in sends:
        message = f" `{each.message}`" if each.message else ""
        yield f"- {each.verb}{message} to `{_cell(each.where)}`, channel `{each.channel}`"


def _bounds(channel: Channel[object]) -> Iterator[str]:
    usual = Channel(channel.name, messages=(_Nothing,))
    for key in _BOUNDS:
        if (value := getattr(channel, key)) != getattr(usual, key):
            yield f"{key} {value:,}"
    if channel.overflow is not usual.overflow:
        yield f"overflow `{channel.overflow.value}`"
    if channel.rate is not None:
        yield f"rate {channel.rate}"
    if channel.compress is not None:
        yield f"compressed by {channel.compress}"
    if channel.idempotent:
        yield f"may be handled twice: {_code(sorted(each.__name__ for each in channel.idempotent))}"


def _code(words: Iterable[str]) -> str:
    return ", ".join(f"`{_cell(word)}`" for word in words)


def _cell(text: str) -> str:
    """A text in a cell of a table: a bar would end it."""
    return text.replace("|", "\\|")


def _text(text: str) -> str:
    """Words of a program as they are, and no markup."""
    return "".join(f"\\{each}" if each in "\\`*_[]<>|#" else each for each in text)
