"""The libraries that may carry QUIC, each in a module of its own, imported only in an environment that has it."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Final

from ..pipe import Candidate

__all__ = ["CANDIDATES", "make_candidate"]

#: By the name on the package index: the module here and the class in it.
CANDIDATES: Final = {
    "iroh": ("iroh", "Iroh"),
    "aioquic": ("aioquic", "Aioquic"),
    "qh3": ("aioquic", "Qh3"),
    "aiopquic": ("aiopquic", "Aiopquic"),
    "web-transport-quinn": ("web_transport_quinn", "WebTransportQuinn"),
    "pywebtransport": ("pywebtransport", "PyWebTransport"),
    "zttp": ("zttp", "Zttp"),
    "tcp": ("tcp", "Tcp"),
}


def make_candidate(name: str) -> Callable[[], Candidate]:
    """What makes a candidate of that name, a new one at each call. Raises ImportError where it is not installed."""
    module, cls = CANDIDATES[name]
    made: Callable[[], Candidate] = getattr(importlib.import_module(f"{__name__}.{module}"), cls)
    return made
