"""The picture: a head with the node as a whole, one table, and the keys at the foot; as many lines as there are."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from ...actors.base import printable
from .choice import HELP, TopChoice
from .figures import BLOCKS, PLAIN_BLOCKS, bytes_text, count_text, seconds_text, sparkline
from .grid import GridRow, arranged, columns_within
from .rates import Rates
from .sample import TopSample
from .tables import COLUMNS, rows_of
from .watching import Watching

__all__ = ["blocks_for", "draw", "lines_for_rows", "lines_of"]

#: A piece of a line: a text, or one with its style.
_Part = str | tuple[str, str]
#: Lines beside the rows of the table: the head, an empty one, the titles, and the foot.
_BESIDE = 6
#: Characters of a line of blocks in the head, on a screen of that many columns and on one of fewer.
_WIDE, _LINE, _SHORT_LINE = 100, 10, 4


def lines_for_rows(height: int) -> int:
    """Rows that a screen of that height shows."""
    return max(1, height - _BESIDE)


def blocks_for(console: Console) -> str:
    """What lines of blocks are made of there."""
    return BLOCKS if console.encoding.lower().startswith("utf") else PLAIN_BLOCKS


def lines_of(watching: Watching, width: int) -> str:
    """The picture as lines of that width, with all rows, in no colours."""
    console = Console(file=io.StringIO(), width=width, highlight=False, color_system=None)
    with console.capture() as captured:
        console.print(draw(watching, width, None))
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


def draw(watching: Watching, width: int, height: int | None) -> RenderableType:
    """The picture on a screen of that size; `height` None: with all rows, and without the keys."""
    choice, sample = watching.choice, watching.sample
    if sample is None:
        return Text(f"looking at {watching.place} …")
    head = _head(watching, sample, width)
    if choice.helping:
        return Group(*head, *_help(), _foot(choice, 0, 0))
    rows = arranged(
        rows_of(sample, choice.shown, watching.rates, watching.blocks),
        COLUMNS[choice.shown],
        sort=choice.sort,
        reverse=choice.reverse,
        match=choice.match,
    )
    if height is None:
        return Group(*head, _table(rows, choice, width, bool(watching.lost)))
    room = lines_for_rows(height)
    first = max(0, min(choice.first, len(rows) - room))
    shown = rows[first : first + room]
    blank = [Text("") for _ in range(room - len(shown))]
    table = _table(shown, choice, width, bool(watching.lost))
    return Group(*head, table, *blank, _foot(choice, first, len(rows)))


def _head(watching: Watching, sample: TopSample, width: int) -> list[Text]:
    node, rates, blocks = sample.node, watching.rates, watching.blocks
    line = _LINE if width >= _WIDE else _SHORT_LINE
    up = seconds_text(max(0.0, time.time() - node.process.started))
    name = Text.assemble((printable(node.name), "bold"), f" {node.node_id[:8]} in {printable(node.network)} ")
    if watching.lost:
        name.append(printable(watching.lost), "bold red")
    elif node.ready.ready:
        name.append("ready", "green")
    else:
        why = "; ".join(each.text for each in node.ready.why_not)
        name.append(f"not ready: {printable(why)}", "bold red")
    name.truncate(width - 10, overflow="ellipsis", pad=True)
    name.append(f"up {up}".rjust(10), "dim")
    states = node.peers
    others = ", ".join(f"{states[each]} {each}" for each in ("dialing", "evicting") if states.get(each))
    process = node.process
    fds: list[_Part] = []
    if process.open_fds is not None:
        fds = [("  fds ", "dim"), f"{process.open_fds}/{count_text(process.max_fds)}"]
    cpu, lag = rates.rate("cpu"), node.loop_lag.worst
    second = Text.assemble(
        ("peers ", "dim"),
        f"{node.connected} up, {f'{others}, ' if others else ''}{sum(states.values())} known",
        ("  actors ", "dim"),
        count_text(node.actors),
        ("  cpu ", "dim"),
        "-" if cpu is None else f"{100 * cpu:.0f}%",
        ("  mem ", "dim"),
        f"{bytes_text(process.resident_bytes)}",
        *fds,
        ("  lag ", "dim"),
        (seconds_text(lag), "red" if lag >= 0.5 else ""),
    )
    third = Text.assemble(
        *_rate("in", rates, "received", blocks, bytes_text, line),
        *_rate("  out", rates, "sent", blocks, bytes_text, line),
        *_rate("  msgs", rates, "handled", blocks, count_text, line),
        *_last(sample, rates),
    )
    for each in (second, third):
        each.truncate(width, overflow="ellipsis")
    return [name, second, third, Text("")]


def _rate(what: str, rates: Rates, key: str, blocks: str, text: Callable[[float], str], line: int) -> list[_Part]:
    rate = rates.rate(key)
    said = "-" if rate is None else text(rate)
    return [(f"{what} ", "dim"), f"{said}/s ".rjust(7), (sparkline(rates.history(key), line, blocks), "cyan")]


def _last(sample: TopSample, rates: Rates) -> list[_Part]:
    failed = rates.rate("failed")
    ages = [age for each in sample.channels for age in (each.oldest, each.oldest_to_peers) if age is not None]
    oldest = max(ages, default=None)
    bad = oldest is not None and oldest >= 10
    return [
        ("  fail ", "dim"),
        ("-" if failed is None else f"{count_text(failed)}/s", "red" if failed else ""),
        ("  oldest ", "dim"),
        (seconds_text(oldest) or "-", "red" if bad else ""),
    ]


def _table(rows: Sequence[GridRow], choice: TopChoice, width: int, stale: bool) -> Table:
    columns = columns_within(COLUMNS[choice.shown], width)
    table = Table(
        box=None,
        expand=True,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        header_style="bold reverse",
        width=width,
        style="dim" if stale else "",
    )
    for column in columns:
        text = column.title
        if column.title == choice.sort:
            down = column.descending is not choice.reverse
            text = f"{column.title}{'↓' if down else '↑'}"[-(column.width or 99) :]
        ratio = 1 if column.width is None else None
        right = column.width is not None and column.descending and column.title != "TRAFFIC"
        table.add_column(
            text, width=column.width, ratio=ratio, justify="right" if right else "left", no_wrap=True,
            overflow="ellipsis",
        )  # fmt: skip
    for row in rows:
        table.add_row(
            *(Text(row.texts.get(c.title, ""), row.styles.get(c.title, "")) for c in columns),
        )
    return table


def _help() -> list[Text]:
    keys = max(map(len, HELP))
    return [Text.assemble((f"  {key.ljust(keys)}  ", "bold"), text) for key, text in HELP.items()] + [Text("")]


def _foot(choice: TopChoice, first: int, rows: int) -> Text:
    if choice.typing:
        return Text.assemble(("filter: ", "bold"), f"{choice.match}▏", ("  Enter keeps it, Esc clears it", "dim"))
    held: list[_Part] = [("held  ", "bold yellow")] if choice.paused else []
    match: list[_Part] = [("filter ", "dim"), (choice.match, "bold"), "  "] if choice.match else []
    # The help shows no rows.
    where = "" if choice.helping else f"{first + 1 if rows else 0}-{rows} " if first else f"{rows} "
    keys = "p c a table  s sort  r reverse  / filter  space hold  ? help  q quit"
    line = Text.assemble(*held, *match, where and f"{where}{choice.shown.value}  ", (keys, "dim"))
    line.no_wrap, line.overflow = True, "ellipsis"
    return line
