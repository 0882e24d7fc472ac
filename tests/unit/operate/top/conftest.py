"""What the tests of `top` share."""

from __future__ import annotations

from pairs import pair

__all__ = ["pair"]
