"""Bodies of frames, smaller: what is compressed, by which method, in which memory, and how what comes is bounded."""

from __future__ import annotations

from .expander import Expander
from .methods import Method, method_of
from .pool import CompressedBytes, CompressionPool
from .squeezer import Squeezer

__all__ = ["CompressedBytes", "CompressionPool", "Expander", "Method", "Squeezer", "method_of"]
