"""What the tests of `operate` share."""

from __future__ import annotations

from administered import place

__all__ = ["place"]
