"""Fields of log lines: one word for one thing."""

from __future__ import annotations

import ast
from pathlib import Path

import peerbus

ROOT = Path(peerbus.__file__).parent
#: Methods of a logger.
LEVELS = {"debug", "info", "warning", "error", "critical", "exception"}


def test_which_node_a_line_is_of_stands_in_node() -> None:
    fields = {
        keyword.arg
        for floor in ("actors", "transports", "discovery", "patterns", "node", "operate")
        for path in (ROOT / floor).rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in LEVELS
        for keyword in call.keywords
    }
    assert "node" in fields
    assert "bus" not in fields
