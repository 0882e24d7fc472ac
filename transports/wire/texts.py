"""Texts for people, cut to what a frame holds."""

from __future__ import annotations

__all__ = ["TEXT_LIMIT", "WORD_LIMIT", "clip"]

#: Bytes of UTF-8 in a text for people (REJECT, ERROR, GOAWAY): a reason, not a log file.
TEXT_LIMIT = 1024
#: Bytes of UTF-8 in a word for programs: a reason or a code.
WORD_LIMIT = 64


def clip(text: str, limit: int = TEXT_LIMIT) -> str:
    """Cut a text for people to `limit` bytes of UTF-8; what UTF-8 cannot hold becomes `?`."""
    data = text.encode("utf-8", "replace")
    return data[:limit].decode("utf-8", "ignore")
