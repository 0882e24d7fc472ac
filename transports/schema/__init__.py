"""What the messages of a channel look like, told to peers: descriptions, their hashes, and who can read what."""

from __future__ import annotations

from .compatibility import Compatibility, compare
from .describing import Described, describe, travelling
from .description import (
    DESCRIPTION_LIMIT,
    REQUIRED,
    Definition,
    Description,
    hash_of,
    read_description,
    spelled_fields,
    spelled_shape,
    write_description,
)
from .differences import Change, Trouble, changes, troubles

__all__ = [
    "Change",
    "Trouble",
    "changes",
    "spelled_fields",
    "troubles",
    "DESCRIPTION_LIMIT",
    "Definition",
    "REQUIRED",
    "spelled_shape",
    "Described",
    "Description",
    "Compatibility",
    "describe",
    "hash_of",
    "compare",
    "read_description",
    "travelling",
    "write_description",
]
