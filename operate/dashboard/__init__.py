"""`peerbus dashboard`: the page for nodes that open no port, served on this machine, for one who has its link."""

from __future__ import annotations

from .opening import open_browser
from .server import Dashboard

__all__ = ["Dashboard", "open_browser"]
