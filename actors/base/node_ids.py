"""Node ids in texts: what one looks like, and by which part of it a person tells it from others."""

from __future__ import annotations

import re

__all__ = ["ID_SHOWN", "NODE_ID_PATTERN", "ids_short", "ids_short_again", "is_node_id"]

#: Characters of a node id that a line shows: 48 bits, which no two peers of one network share by chance.
ID_SHOWN = 12
#: A SHA-256 in hexadecimal.
NODE_ID_PATTERN = "[0-9a-f]{64}"
#: A whole node id, and nothing longer that contains one.
_NODE_ID = re.compile(rf"(?<![0-9A-Za-z])([0-9a-f]{{{ID_SHOWN}}})[0-9a-f]{{{64 - ID_SHOWN}}}(?![0-9A-Za-z])")


def is_node_id(text: object) -> bool:
    """Whether it is a node id: 64 lower-case hexadecimal digits."""
    return isinstance(text, str) and _NODE_ID.fullmatch(text) is not None


def ids_short(text: str) -> str:
    """The text with each node id cut to its first `ID_SHOWN` characters."""
    return text if len(text) < 64 else _NODE_ID.sub(r"\1", text)


def ids_short_again(text: str) -> str:
    """The text with each node id in full where it stands first, to be copied, and cut wherever it stands again."""
    seen = set()

    def cut(found: re.Match[str]) -> str:
        whole = found.group()
        if whole in seen:
            return found.group(1)
        seen.add(whole)
        return whole

    return text if len(text) < 128 else _NODE_ID.sub(cut, text)
