"""What is raised of a description that is another one than was announced."""

from __future__ import annotations

__all__ = ["WrongHash"]


class WrongHash(Exception):
    """A description is not the one that was announced."""
