"""The admin API of one node: what can be asked, what is done then, and the extension that serves it."""

from __future__ import annotations

from .extension import ROUTES, Admin
from .route import RouteTable, split_target
from .sending import ask, tell

__all__ = ["ROUTES", "Admin", "RouteTable", "ask", "split_target", "tell"]
