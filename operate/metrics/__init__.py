"""The metrics of a node: which there are, and how they are written."""

from __future__ import annotations

from .exposition import TextFormat, format_of, metrics_text
from .table import Seen, metrics_of

__all__ = ["Seen", "TextFormat", "format_of", "metrics_of", "metrics_text"]
