"""Who is who: names by node ids. Names are claims, and two may claim the same one; ids are proven."""

from __future__ import annotations


class People:
    """The peers that have said what they are called."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def add(self, peer: str, name: str) -> bool:
        """Whether that is new."""
        new = self._names.get(peer) != name
        self._names[peer] = name
        return new

    def remove(self, peer: str) -> str | None:
        """What it was called; None where it never said."""
        label = self.label(peer) if peer in self._names else None
        self._names.pop(peer, None)
        return label

    def label(self, peer: str) -> str:
        """The name, with four digits of the id behind it where several claim that name."""
        name = self._names.get(peer)
        if name is None:
            return peer[:8]
        alone = sum(each == name for each in self._names.values()) == 1
        return name if alone else f"{name}#{peer[:4]}"

    def find(self, label: str) -> list[str]:
        """The ids of those who may be meant: by the name, or by the whole label."""
        return [peer for peer, name in self._names.items() if label in (name, self.label(peer))]
