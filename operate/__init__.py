"""Operating a node while it runs: an API over HTTP to see into it and to steer it. The node knows nothing of it."""

from __future__ import annotations

from .admin import Admin

__all__ = ["Admin"]
