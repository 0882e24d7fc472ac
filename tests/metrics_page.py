"""The tables of docs/operate.md that are made of the code: each command, each metric, and each alert."""

from __future__ import annotations

import re
from pathlib import Path

from published_metrics import alert_rules, full_name

from peerbus.operate.commands.catalogue import COMMANDS
from peerbus.operate.metrics.table import METRICS

__all__ = ["PAGE", "current_page"]

PAGE = Path(__file__).resolve().parents[1] / "docs" / "operate.md"


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


def current_page(text: str) -> str:
    """The page as it should be, with its tables as the code has them."""
    for mark, table in (("commands", _commands()), ("metrics", _metrics()), ("alerts", _alerts())):
        text, found = re.subn(
            rf"(<!-- {mark} -->\n).*?(<!-- end of {mark} -->)",
            lambda match, table=table: f"{match[1]}{table}\n{match[2]}",  # type: ignore[misc]
            text,
            flags=re.DOTALL,
        )
        assert found == 1, f"{PAGE.name} has {found} places for {mark}"
    return text
