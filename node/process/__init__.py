"""What a node takes of the process that it runs in, gives up for it, and says of it: memory, files, rights, figures."""

from __future__ import annotations

from .allocator import keep_freed_memory
from .figures import ProcessFigures, process_figures
from .guard import GUARDS, Guarding, guard_process, is_shielded, shield
from .loop_lag import LagView, LoopLag
from .notify import Notifier
from .private_files import make_private_folder, open_for_writing, write_whole

__all__ = [
    "GUARDS",
    "Guarding",
    "LagView",
    "LoopLag",
    "Notifier",
    "ProcessFigures",
    "guard_process",
    "is_shielded",
    "keep_freed_memory",
    "make_private_folder",
    "open_for_writing",
    "process_figures",
    "shield",
    "write_whole",
]
