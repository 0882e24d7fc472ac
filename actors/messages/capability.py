"""What a node offers: a role name with optional attributes, `archive` or `archive{from=1000}`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

__all__ = ["Capability"]

#: A role is also a word in an mDNS record, a log line and an address, so it is kept plain.
ROLE_PATTERN = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
ATTRIBUTE_PATTERN = re.compile(r"[a-z0-9][a-z0-9._-]{0,30}")
#: Roles travel in one mDNS string (at most 255 bytes, RFC 6763 §6.1); attributes must fit beside them.
MAX_TEXT = 200


@dataclass(frozen=True, slots=True)
class Capability:
    """One role that a node offers, with string attributes. Raises ValueError on a malformed name.

    ```python
    assert Capability.parse("archive{from=1000}") == Capability("archive", {"from": "1000"})
    ```
    """

    role: str
    attributes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        if not ROLE_PATTERN.fullmatch(self.role):
            raise ValueError(f"not a role name: {self.role!r} (lower-case letters, digits, '.', '_', '-'; at most 63)")
        for key, value in self.attributes.items():
            if not ATTRIBUTE_PATTERN.fullmatch(key):
                raise ValueError(f"not an attribute name: {key!r} in role {self.role!r}")
            if any(c in value for c in "{},=") or not value.isprintable():
                raise ValueError(f"not an attribute value: {value!r} of {key!r} in role {self.role!r}")
        if len(str(self).encode()) > MAX_TEXT:
            raise ValueError(f"role {self.role!r} with its attributes is longer than {MAX_TEXT} bytes")
        object.__setattr__(self, "attributes", MappingProxyType(dict(sorted(self.attributes.items()))))

    def __hash__(self) -> int:
        return hash((self.role, tuple(self.attributes.items())))

    def __str__(self) -> str:
        if not self.attributes:
            return self.role
        return self.role + "{" + ",".join(f"{k}={v}" for k, v in self.attributes.items()) + "}"

    @classmethod
    def parse(cls, text: str) -> Capability:
        """Read the text form. Raises ValueError where it is malformed."""
        role, brace, rest = text.partition("{")
        if not brace:
            return cls(role)
        if not rest.endswith("}"):
            raise ValueError(f"not a capability: {text!r} (no closing brace)")
        attributes: dict[str, str] = {}
        for pair in rest[:-1].split(",") if rest != "}" else ():
            key, equals, value = pair.partition("=")
            if not equals or key in attributes:
                why = (
                    f"it has {key!r} twice" if equals else f"attribute {pair!r}; write name=value: archive{{from=1000}}"
                )
                raise ValueError(f"not a capability: {text!r} ({why})")
            attributes[key] = value
        return cls(role, attributes)
