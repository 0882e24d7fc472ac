"""Texts for people, of a peer and for one: cut to what a frame holds, and safe to print."""

from __future__ import annotations

__all__ = ["TEXT_LIMIT", "WORD_LIMIT", "clip", "printable"]

#: Bytes of UTF-8 in a text for people (REJECT, ERROR, GOAWAY): a reason, not a log file.
TEXT_LIMIT = 1024
#: Bytes of UTF-8 in a word for programs: a reason or a code.
WORD_LIMIT = 64


def clip(text: str, limit: int = TEXT_LIMIT) -> str:
    """Cut a text for people to `limit` bytes of UTF-8; what UTF-8 cannot hold becomes `?`."""
    data = text.encode("utf-8", "replace")
    return data[:limit].decode("utf-8", "ignore")


def printable(text: str) -> str:
    """A peer's words for logs and terminals: what is not printable, ends of lines too, becomes an escape."""
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
