"""Traces of a node's messages. What OpenTelemetry is, one module of it knows, which is imported where tracing is on."""

from __future__ import annotations

from .extension import Tracing
from .trace_context import MEMBERS, parent_of, state_of

__all__ = ["MEMBERS", "Tracing", "parent_of", "state_of"]
