"""The admin API of one node: what can be asked, what is done then, and the extension that serves it."""

from __future__ import annotations

from .extension import ROUTES, Admin
from .route import RouteTable, split_target
from .sending import ask, read_send, tell
from .steering import read_body

__all__ = ["ROUTES", "Admin", "RouteTable", "ask", "read_body", "read_send", "split_target", "tell"]
