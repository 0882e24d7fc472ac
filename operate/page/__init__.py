"""The page of a browser: its text, and the browsers that were let in."""

from __future__ import annotations

from .document import document_of_page
from .sessions import BrowserSession, Sessions

__all__ = ["BrowserSession", "Sessions", "document_of_page"]
