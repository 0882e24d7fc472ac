"""W3C Trace Context, Level 1: the two headers of a trace that another node wrote, believed as far as they go."""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["MEMBERS", "TraceParent", "parent_of", "state_of"]

#: Members of a `tracestate` at most (3.3.1.1).
MEMBERS = 32

_PARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})", re.ASCII)
_KEY = r"(?:[a-z][a-z0-9_\-*/]{0,255}|[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13})"
_VALUE = r"[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]"
_MEMBER = re.compile(f"({_KEY})=({_VALUE})")


class TraceParent(NamedTuple):
    """What `traceparent` says: the trace, the span that is the parent, and whether it is recorded."""

    trace: int
    span: int
    sampled: bool


def parent_of(text: str) -> TraceParent | None:
    """What it says; None for what is not of version 00, or is malformed. Of its flags only `sampled` is kept."""
    found = _PARENT.fullmatch(text)
    if found is None:
        return None
    trace, span, flags = (int(part, 16) for part in found.groups())
    return TraceParent(trace, span, bool(flags & 1)) if trace and span else None


def state_of(text: str) -> list[tuple[str, str]]:
    """Its members, in order. None of them where one is malformed or comes twice, or they are too many (3.3.1)."""
    members: dict[str, str] = {}
    for part in (each.strip(" \t") for each in text.split(",")):
        if not part:
            continue
        found = _MEMBER.fullmatch(part)
        if found is None or found[1] in members or len(members) == MEMBERS:
            return []
        members[found[1]] = found[2]
    return list(members.items())
