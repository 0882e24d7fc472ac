"""The page of a browser: its text, and the door by which a browser comes in."""

from __future__ import annotations

from .door import LookedAt, PageDoor, cookie_name

__all__ = ["LookedAt", "PageDoor", "cookie_name"]
