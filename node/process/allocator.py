"""What the allocator of the process keeps of the memory that large messages free."""

from __future__ import annotations

__all__ = ["keep_freed_memory"]

#: Bytes; four credit windows of a channel.
KEPT = 4 << 20


def keep_freed_memory() -> None:
    """Have glibc keep up to 8 MiB of what is freed, not 128 KiB; elsewhere, and a second time, this does nothing.

    It raises its thresholds when a block of their size is freed (mallopt(3), M_MMAP_THRESHOLD), as any message of 4 MiB
    would make it do. Before that a receiver of 64 KiB messages gave their pages back and got them anew with each
    message: 48 µs of processor time, and 16 to 25 since.
    """
    bytearray(KEPT)
