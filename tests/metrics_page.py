"""The tables of docs/ that are made of the code: each command and each alert, each metric, each event."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args, get_type_hints

from published_metrics import alert_rules, full_name

from peerbus.node.views.event_history import NodeEvent
from peerbus.operate.commands.catalogue import COMMANDS
from peerbus.operate.metrics.table import METRICS

__all__ = ["PAGE", "PAGES", "current_page"]

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGE = DOCS / "operate.md"


def _metrics() -> str:
    lines = ["| metric | kind | labels | what it is |", "| --- | --- | --- | --- |"]
    for metric in METRICS:
        labels = ", ".join(f"`{label}`" for label in metric.labels)
        lines.append(f"| `{full_name(metric)}` | {metric.kind.value} | {labels} | {metric.text} |")
    return "\n".join(lines)


def _alerts() -> str:
    lines = ["| alert | severity | raised when, for how long | what to do |", "| --- | --- | --- | --- |"]
    for rule in alert_rules():
        when = " ".join(rule["expr"].split()).replace("|", r"\|")
        anchor = rule["annotations"]["runbook"].partition("#")[2]
        there = anchor.replace("-", " ")
        lines.append(
            f"| `{rule['alert']}` | {rule['labels']['severity']} | `{when}`, {rule['for']} | [{there}](#{anchor}) |"
        )
    return "\n".join(lines)


def _commands() -> str:
    lines = ["| command | what it does |", "| --- | --- |"]
    for group in dict.fromkeys(entry.group for entry in COMMANDS):
        lines.append(f"| *{group}* | |")
        lines += [f"| `peerbus {entry.name}` | {entry.text} |" for entry in COMMANDS if entry.group == group]
    return "\n".join(lines)


def _events() -> str:
    lines = ["| event | what happened | what it says |", "| --- | --- | --- |"]
    for event in get_args(NodeEvent):
        about = " ".join((inspect.getdoc(event) or "").split("\n\n")[0].split()).replace("|", r"\|")
        fields = ", ".join(
            f"`{name}`: {_spelled(kind)}" for name, kind in get_type_hints(event).items() if name[0] != "_"
        )
        lines.append(f"| `{event.__name__}` | {about} | {fields} |")
    return "\n".join(lines)


def _spelled(kind: Any) -> str:
    text = kind.__name__ if isinstance(kind, type) and not get_args(kind) else str(kind)
    return re.sub(r"(?:\w+\.)+(\w+)", r"\1", text).replace("|", r"\|")


#: The tables of each page, by the marks between which they stand.
PAGES: dict[Path, dict[str, Callable[[], str]]] = {
    PAGE: {"commands": _commands, "alerts": _alerts},
    DOCS / "metrics.md": {"metrics": _metrics},
    DOCS / "events.md": {"events": _events},
}


def current_page(page: Path) -> str:
    """The page as it should be, with its tables as the code has them."""
    text = page.read_text(encoding="utf-8")
    for mark, table in PAGES[page].items():
        made = table()
        text, found = re.subn(
            rf"(<!-- {mark} -->\n).*?(<!-- end of {mark} -->)",
            lambda match, made=made: f"{match[1]}{made}\n{match[2]}",  # type: ignore[misc]
            text,
            flags=re.DOTALL,
        )
        assert found == 1, f"{page.name} has {found} places for {mark}"
    return text
