"""Tools for testing what is built on peerbus: conformance suites for its contracts."""

from __future__ import annotations

from .transport_suite import check_transport

__all__ = ["check_transport"]
