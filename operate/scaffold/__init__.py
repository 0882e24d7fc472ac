"""What `peerbus new` makes: projects and reactors, out of templates."""

from __future__ import annotations

from .names import ReactorNames
from .project import UserProject

__all__ = ["ReactorNames", "UserProject"]
