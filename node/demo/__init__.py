"""`peerbus demo`: several nodes, each a process of its own, find each other and sync a file; one is killed midway."""

from __future__ import annotations

from .command import add_arguments, run

__all__ = ["add_arguments", "run"]
