"""What nodes speak as a drawing for Graphviz: the channels of each, and which reactor sends to which."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...actors.messages import UNNAMED
from ...node.schema import SpokenNode
from .sends_read import SendRead, sends_read
from .spoken_channel import SpokenChannel, channels_of

__all__ = ["dot_drawing"]

#: Messages that stand in the box of a channel.
SHOWN = 8


def dot_drawing(nodes: Iterable[SpokenNode]) -> str:
    """The drawing: `peerbus describe --format dot alice.toml bob.toml | dot -Tsvg`.

    A line leads from the sender to where it is run: solid where the source of a reactor says so, dashed where a node
    only knows the channel. A channel that none of these nodes runs is drawn outside of them.
    """
    known = [(node, list(channels_of(node))) for node in nodes]
    runs: dict[str, list[str]] = {}
    for node, channels in known:
        for each in channels:
            if each.served is not None:
                runs.setdefault(each.channel.name, []).append(_place(node, each.channel.name))
    lines = [
        "digraph peerbus {",
        "  rankdir=LR;",
        '  graph [fontname="sans-serif"];',
        '  node [shape=box, style="rounded,filled", fillcolor=white, fontname="sans-serif"];',
        '  edge [fontname="sans-serif", fontsize=10];',
    ]
    for number, (node, channels) in enumerate(known):
        lines += _node(number, node, channels)
    sends: dict[str, None] = {}
    for node, channels in known:
        sends |= dict.fromkeys(_sends(node, channels, runs))
    outside = sorted({name for _, channels in known for name in _named(channels) if name not in runs})
    lines += [f"  {_quoted('outside/' + name)} [label={_quoted(name)}, style=dashed];" for name in outside]
    return "\n".join([*lines, *sends, "}"]) + "\n"


def _node(number: int, node: SpokenNode, channels: list[SpokenChannel]) -> Iterator[str]:
    offers = f"\noffers {', '.join(node.offers)}" if node.offers else ""
    yield f"  subgraph cluster_{number} {{"
    yield f"    label={_quoted(f'{node.name}{offers}')}; style=rounded; color=gray;"
    served = [each for each in channels if each.served is not None]
    for each in served:
        yield f"    {_quoted(_place(node, each.channel.name))} [label={_quoted(_label(each))}];"
    if len(served) < len(channels) or not served:
        yield f"    {_quoted(_place(node, ''))} [label={_quoted(node.name)}, shape=plaintext, fillcolor=none];"
    yield "  }"


def _label(spoken: SpokenChannel) -> str:
    actor = "" if spoken.served is None or spoken.served.actor is None else f" ({spoken.served.actor.__name__})"
    lines = [f"{spoken.channel.name}{actor}"]
    for each in spoken.messages[:SHOWN]:
        answer = "" if each.answer is UNNAMED else f" → {_kind(each.answer)}{' …' if each.in_items else ''}"
        lines.append(f"{each.name}{answer}")
    if len(spoken.messages) > SHOWN:
        lines.append(f"and {len(spoken.messages) - SHOWN} more")
    return "\n".join(lines)


def _kind(kind: object) -> str:
    return (
        kind.__name__ if isinstance(kind, type) and not getattr(kind, "__args__", ()) else str(kind).rpartition(".")[2]
    )


def _sends(node: SpokenNode, channels: list[SpokenChannel], runs: dict[str, list[str]]) -> Iterator[str]:
    said = set()
    for each in channels:
        for send in _read(each):
            said.add(send.channel)
            for place in _receivers(node, send, runs):
                label = _quoted(f"{send.verb} {send.message}".rstrip())
                yield f"  {_quoted(_place(node, each.channel.name))} -> {_quoted(place)} [label={label}];"
    for each in channels:
        if each.served is None and each.channel.name not in said:
            for place in runs.get(each.channel.name, [f"outside/{each.channel.name}"]):
                yield f"  {_quoted(_place(node, ''))} -> {_quoted(place)} [style=dashed];"


def _receivers(node: SpokenNode, send: SendRead, runs: dict[str, list[str]]) -> list[str]:
    """Where it is run: a send to LOCAL goes nowhere else."""
    places = runs.get(send.channel, [f"outside/{send.channel}"])
    here = _place(node, send.channel)
    return [here] if send.where == "LOCAL" and here in places else places


def _named(channels: list[SpokenChannel]) -> Iterator[str]:
    for each in channels:
        yield each.channel.name
        yield from (send.channel for send in _read(each))


def _read(spoken: SpokenChannel) -> tuple[SendRead, ...]:
    actor = None if spoken.served is None else spoken.served.actor
    return () if actor is None else sends_read(actor)


def _place(node: SpokenNode, channel: str) -> str:
    return f"{node.name}/{channel}"


def _quoted(text: str) -> str:
    """A text as DOT writes it: a line ends with `\\l`, on the left, where there are several."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + (escaped.replace("\n", "\\l") + "\\l" if "\n" in text else escaped) + '"'
