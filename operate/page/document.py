"""The page as one document, put together of its parts: no part is loaded from anywhere, and none that is not ours runs.

Laws:
1. The document is the same for everybody and holds nothing of a node: what it shows it asks for, once it was let in.
2. Its policy (CSP level 3) names style and script by their digests, lets it talk to where it came from only, and lets
   nothing that is text become a part of the page (Trusted Types).
"""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files

__all__ = ["SCRIPTS", "STYLES", "Document", "document_of_page"]

#: The parts, in the order in which they are joined.
STYLES = ("base.css", "frame.css", "parts.css")
SCRIPTS = (
    "dom.js",
    "format.js",
    "graph.js",
    "state.js",
    "wire.js",
    "dialogs.js",
    "chart.js",
    "table.js",
    "search.js",
    "overview.js",
    "peers.js",
    "channels.js",
    "pools.js",
    "actors.js",
    "work.js",
    "map.js",
    "waits.js",
    "events.js",
    "app.js",
)


@dataclass(frozen=True, slots=True)
class Document:
    """What a browser gets."""

    body: bytes
    headers: Mapping[str, str]


@functools.cache
def document_of_page() -> Document:
    """The page. Read once, from the files beside this one."""
    style = _joined(STYLES)
    script = f'"use strict";\n(() => {{\n{_joined(SCRIPTS)}}})();\n'
    policy = {
        "default-src": "'none'",
        "style-src": _digest(style),
        "script-src": _digest(script),
        "connect-src": "'self'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    text = _part("page.html").replace("/*STYLE*/", style).replace("/*SCRIPT*/", script)
    return Document(
        text.encode(),
        {
            "content-security-policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
            "referrer-policy": "no-referrer",
            "x-frame-options": "DENY",
            "cross-origin-opener-policy": "same-origin",
        },
    )


def _joined(names: Iterable[str]) -> str:
    return "".join(f"{_part(name).rstrip()}\n" for name in names)


def _part(name: str) -> str:
    return files(__name__.rpartition(".")[0]).joinpath("static", name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
