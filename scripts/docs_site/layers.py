"""Places what points from one to another on layers, from above to below, so that few lines cross (Sugiyama's method).

Laws:
1. A line that leads upward is turned around while places are found, so a circle is no obstacle.
2. A line has a place of its own on each layer that it crosses; its label is one of these, so labels lie over nothing.
3. Nothing is drawn by chance: the same input has the same places.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

__all__ = ["Line", "Placed", "placed"]

#: Rounds in which layers are put into order, and in which their members are drawn to their neighbours.
_ROUNDS = 24


@dataclass(frozen=True)
class Line:
    """From one to another, with a word."""

    start: str
    end: str
    label: str = ""


@dataclass
class _Spot:
    """A member of a layer: somebody, or where a line goes through."""

    width: float
    layer: int
    x: float = 0.0
    above: list[Hashable] = field(default_factory=list)
    below: list[Hashable] = field(default_factory=list)


@dataclass(frozen=True)
class Placed:
    """`at`: the middle of each name and its layer. `ways`: the points of each line, in its direction, its label's."""

    at: Mapping[str, tuple[float, int]]
    ways: Sequence[tuple[Line, Sequence[tuple[float, int]], tuple[float, int]]]
    width: float
    layers: int


def placed(widths: Mapping[str, float], lines: Sequence[Line], *, label_width: float, gap: float) -> Placed:
    """Find the places. `widths`: those of the names, the first of which is on top; `label_width`: that of a letter."""
    layer_of = _layered(list(widths), lines)
    spots: dict[Hashable, _Spot] = {name: _Spot(width, 2 * layer_of[name]) for name, width in widths.items()}
    chains: list[list[Hashable]] = []
    for number, line in enumerate(lines):
        top, bottom = sorted((line.start, line.end), key=lambda name: layer_of[name])
        first, last = 2 * layer_of[top], 2 * layer_of[bottom]
        labelled = _label_layer(first, last)
        chain: list[Hashable] = [top]
        for layer in range(first + 1, last):
            width = label_width * len(line.label) if layer == labelled else 0.0
            spots[number, layer] = _Spot(width, layer)
            chain.append((number, layer))
        chain.append(bottom)
        for upper, lower in pairwise(chain):
            spots[upper].below.append(lower)
            spots[lower].above.append(upper)
        chains.append(chain)
    order = _ordered(spots)
    _spread(spots, order, gap)
    left = min(spot.x - spot.width / 2 for spot in spots.values())
    right = max(spot.x + spot.width / 2 for spot in spots.values())
    for spot in spots.values():
        spot.x -= left
    ways = []
    for number, (line, chain) in enumerate(zip(lines, chains, strict=True)):
        points = [(spots[member].x, spots[member].layer) for member in chain]
        labelled = _label_layer(points[0][1], points[-1][1])
        middle = spots[number, labelled]
        ways.append((line, points if chain[0] == line.start else points[::-1], (middle.x, labelled)))
    at = {name: (spots[name].x, spots[name].layer) for name in widths}
    return Placed(at, ways, right - left, max(spot.layer for spot in spots.values()) + 1)


def _label_layer(first: int, last: int) -> int:
    """An odd layer between two even ones, in the middle or below it."""
    middle = (first + last) // 2
    return middle if middle % 2 else middle + 1


def _layered(names: list[str], lines: Sequence[Line]) -> dict[str, int]:
    """The layer of each name: one below the lowest of those that lead to it, but for lines that close a circle."""
    onward: dict[str, list[str]] = {name: [] for name in names}
    for line in lines:
        onward[line.start].append(line.end)
    kept: dict[str, list[str]] = {name: [] for name in names}
    state: dict[str, int] = {}

    def visit(name: str) -> None:
        state[name] = 1
        for after in onward[name]:
            if state.get(after) == 1:  # upward: law 1
                kept[after].append(name)
                continue
            kept[name].append(after)
            if after not in state:
                visit(after)
        state[name] = 2

    for name in names:
        if name not in state:
            visit(name)
    layers = dict.fromkeys(names, 0)
    for _ in names:
        for name in names:
            for after in kept[name]:
                layers[after] = max(layers[after], layers[name] + 1)
    return layers


def _ordered(spots: Mapping[Hashable, _Spot]) -> list[list[Hashable]]:
    """The members of each layer from left to right: the order of the fewest crossings that the rounds come by."""
    order: list[list[Hashable]] = [[] for _ in range(max(spot.layer for spot in spots.values()) + 1)]
    for member, spot in spots.items():
        order[spot.layer].append(member)
    best, fewest = [list(layer) for layer in order], _crossings(spots, order)
    for round_ in range(_ROUNDS):
        down = round_ % 2 == 0
        index = {member: place for layer in order for place, member in enumerate(layer)}
        for layer in order if down else reversed(order):
            means = {}
            for member in layer:
                beside = spots[member].above if down else spots[member].below
                means[member] = sum(index[each] for each in beside) / len(beside) if beside else index[member]
            layer.sort(key=lambda member, means=means: means[member])  # type: ignore[misc]
            index.update({member: place for place, member in enumerate(layer)})
        crossings = _crossings(spots, order)
        if crossings < fewest:
            best, fewest = [list(layer) for layer in order], crossings
    return best


def _crossings(spots: Mapping[Hashable, _Spot], order: Sequence[Sequence[Hashable]]) -> int:
    count = 0
    for upper, lower in pairwise(order):
        index = {member: place for place, member in enumerate(lower)}
        ends = [index[each] for member in upper for each in sorted(spots[member].below, key=lambda each: index[each])]
        count += sum(1 for place, first in enumerate(ends) for second in ends[place + 1 :] if second < first)
    return count


def _spread(spots: Mapping[Hashable, _Spot], order: Sequence[Sequence[Hashable]], gap: float) -> None:
    """Give each its x: as near to the middle of its neighbours as the order and the gaps between members allow."""
    for layer in order:
        _settle([spots[member] for member in layer], [0.0] * len(layer), gap)
    for round_ in range(_ROUNDS):
        for layer in order if round_ % 2 == 0 else reversed(order):
            wanted = []
            for member in layer:
                spot = spots[member]
                beside = spot.above + spot.below
                wanted.append(sum(spots[each].x for each in beside) / len(beside) if beside else spot.x)
            _settle([spots[member] for member in layer], wanted, gap)


def _settle(layer: Sequence[_Spot], wanted: Sequence[float], gap: float) -> None:
    """The places nearest to the wanted ones in which nobody touches the next (pool adjacent violators)."""
    offsets, along = [], 0.0
    for place, spot in enumerate(layer):
        if place:
            along += layer[place - 1].width / 2 + gap + spot.width / 2
        offsets.append(along)
    pools: list[tuple[float, int]] = []
    for wish, offset in zip(wanted, offsets, strict=True):
        mean, many = wish - offset, 1
        while pools and pools[-1][0] >= mean:
            before, count = pools.pop()
            mean, many = (before * count + mean * many) / (count + many), count + many
        pools.append((mean, many))
    means = [mean for mean, many in pools for _ in range(many)]
    for spot, mean, offset in zip(layer, means, offsets, strict=True):
        spot.x = mean + offset
