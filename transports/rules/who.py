"""Of whom a rule speaks: everybody, nodes by their ids, and nodes whose certificate says a role or an attribute."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from ...actors.base import is_node_id
from ...actors.messages import Capability
from .subject import Subject

__all__ = ["WHO_EXAMPLE", "Who"]

#: Stands for everybody.
_EVERYBODY = "*"
#: Stands before a role that a certificate says.
_ROLE = "role:"
WHO_EXAMPLE = '"*", "<node id>", "role:archive" or "zone=eu"'


@dataclass(frozen=True, slots=True)
class Who:
    """See the module. One of these is enough; where there is none, nobody is meant."""

    everybody: bool = False
    ids: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    attributes: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def of(cls, texts: Iterable[str]) -> Self:
        """Those that these stand for: `*`, a node id, `role:archive`, `zone=eu`. Raises ValueError for another."""
        everybody = False
        ids: set[str] = set()
        roles: set[str] = set()
        attributes: set[tuple[str, str]] = set()
        for text in texts:
            if text == _EVERYBODY:
                everybody = True
            elif is_node_id(text):
                ids.add(text)
            elif text.startswith(_ROLE):
                roles.add(_checked(text, text.removeprefix(_ROLE)).role)
            else:
                key, _, value = text.partition("=")
                _checked(text, "any", {key: ""})  # its keys are those of capabilities
                if not value or not value.isprintable():
                    raise ValueError(f"{text!r} stands for nobody; write {WHO_EXAMPLE}")
                if _EVERYBODY in value:  # it would be taken for a pattern, and be nobody
                    raise ValueError(f"{text!r}: the value of an attribute is written out, there are no patterns")
                attributes.add((key, value))
        return cls(everybody, frozenset(ids), frozenset(roles), frozenset(attributes))

    def has(self, peer: Subject) -> bool:
        """Whether this peer is one of them."""
        return (
            self.everybody
            or peer.node_id in self.ids
            or not self.roles.isdisjoint(peer.roles)
            or any(peer.attributes.get(key) == value for key, value in self.attributes)
        )

    def may_have(self, node_id: str | None) -> bool:
        """Whether the node of that id could be one of them, for all that is known before it has shown a certificate."""
        return self.everybody or node_id in self.ids or bool(self.roles or self.attributes)

    @property
    def texts(self) -> tuple[str, ...]:
        """As `of` takes them."""
        found = [_EVERYBODY] if self.everybody else []
        found += sorted(self.ids) + [f"{_ROLE}{role}" for role in sorted(self.roles)]
        return (*found, *(f"{key}={value}" for key, value in sorted(self.attributes)))

    @property
    def certified(self) -> tuple[str, ...]:
        """What only certificates say: roles and attributes, as `of` takes them."""
        return tuple(text for text in self.texts if text.startswith(_ROLE) or "=" in text)

    def __str__(self) -> str:
        if self.everybody:
            return "everybody"
        found = [f"{node_id[:8]}…" for node_id in sorted(self.ids)]
        found += [f"{_ROLE}{role}" for role in sorted(self.roles)]
        found += [f"{key}={value}" for key, value in sorted(self.attributes)]
        return ", ".join(found) or "nobody"


def _checked(text: str, role: str, attributes: dict[str, str] | None = None) -> Capability:
    try:
        return Capability(role, attributes or {})
    except ValueError:
        raise ValueError(f"{text!r} stands for nobody; write {WHO_EXAMPLE}") from None
