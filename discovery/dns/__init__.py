"""Nodes that the name system knows: SRV records, and the addresses of a name, as a headless service has them."""

from __future__ import annotations

from .dns_finder import KIND

__all__ = ["KIND"]
