"""What a page shows as a drawing: Mermaid's state diagrams, SVG of docs/pictures, pictures light or dark."""

from __future__ import annotations

import posixpath
import re
from itertools import count
from pathlib import Path

from .prose import sections
from .state_chart import state_chart
from .svg import in_page

__all__ = ["drawn"]

_DRAWING = re.compile(r"^!\[(?P<text>[^\]]*)\]\((?P<to>(?:\.\./)*pictures/[\w-]+\.svg)\)$", re.MULTILINE)
_PICTURE = re.compile(
    r'<picture>\s*<source media="\(prefers-color-scheme: dark\)" srcset="(?P<dark>[^"]+)">\s*'
    r'<img src="(?P<light>[^"]+)" alt="(?P<text>[^"]*)">\s*</picture>'
)


def drawn(markdown: str, docs: Path, place: str) -> str:
    """The page, whose sources are at `place`, with its drawings in itself, coloured as it is."""
    numbers = count(1)
    folder = docs / posixpath.dirname(place)

    def inside(found: re.Match[str]) -> str:
        file = folder / found["to"]
        if not file.is_file():
            return found[0]
        narrow = file.with_stem(f"{file.stem}-narrow")
        if not narrow.is_file():
            return in_page(file.read_text(encoding="utf-8"), next(numbers))
        both = ((file, "wide"), (narrow, "narrow"))
        return "\n".join(in_page(each.read_text(encoding="utf-8"), next(numbers), kind) for each, kind in both)

    written = []
    for code, run in sections(markdown):
        text = "".join(run)
        if code and run[0].strip() == "```mermaid":
            written.append(f"\n{in_page(state_chart(''.join(run[1:-1]), name=place), next(numbers))}\n\n")
        elif code:
            written.append(text)
        else:
            text = _DRAWING.sub(inside, text)
            written.append(_PICTURE.sub(r"![\g<text>](\g<light>#only-light) ![\g<text>](\g<dark>#only-dark)", text))
    return "".join(written)
