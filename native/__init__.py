"""The compiled build: which modules it compiles, which of the two builds runs, and how the pure one is chosen."""

from .build import PURE, build_name
from .modules import COMPILED
from .sources import use_sources

__all__ = ["COMPILED", "PURE", "build_name", "use_sources"]
