"""The methods of compression that a channel may name, and how one gets those that do not come with Python."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import Literal, TypeAlias, get_args

__all__ = ["COMPRESSIONS", "Compression", "how_to_get", "missing"]

#: By the names that channels and peers call them.
Compression: TypeAlias = Literal["zlib", "zstd"]
COMPRESSIONS: tuple[Compression, ...] = get_args(Compression)


def missing(method: str | None) -> str | None:
    """What has to be installed for it; None where nothing has. It imports nothing."""
    if method != "zstd" or _found():
        return None
    return how_to_get("zstd")


def how_to_get(method: str) -> str:
    """The sentence for whoever lacks it."""
    return f'compression by {method} needs the extra `{method}`: pip install "peerbus[{method}]"'


def _found() -> bool:
    if sys.version_info >= (3, 14):
        return find_spec("_zstd") is not None  # Python may have been built without the library
    return find_spec("backports") is not None and find_spec("backports.zstd") is not None
