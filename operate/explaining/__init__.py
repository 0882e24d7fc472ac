"""The pages of docs/, as the installed package has them: what an error, a word, a key or a metric means, offline."""

from __future__ import annotations

from .manual import Manual
from .page_section import PageSection
from .plain_text import plain_lines

__all__ = ["Manual", "PageSection", "plain_lines"]
