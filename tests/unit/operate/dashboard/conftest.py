"""What the tests of the dashboard share."""

from __future__ import annotations

from administered import place

__all__ = ["place"]
