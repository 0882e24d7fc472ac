"""What `peerbus top` shows of a running node: read again and again, as rates and tables, on a terminal or in lines.

Its pictures are drawn by rich, the extra `top`; what draws is imported when it is asked for.
"""

from __future__ import annotations

from .choice import TopChoice, sorted_by
from .sample import Shown
from .showing import show
from .watching import Watching

__all__ = ["Shown", "TopChoice", "Watching", "show", "sorted_by"]
