"""Puts the figures of the latest runs where readers find them: the page, its picture, the base of later checks."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from . import chart, markdown
from .carriers import carriers_table
from .native_rows import native_rows
from .results import Results, WrongResults
from .rows import peer_rows, run_rows

__all__ = ["PUBLISHED", "publish"]

_ROOT = Path(__file__).resolve().parents[1]
#: Under version control: what the page shows, and the base of `check`.
PUBLISHED = _ROOT / "benchmarks" / "published"
_PAGE = _ROOT / "docs" / "performance.md"
_CARRIERS = _ROOT / "docs" / "carriers.md"


def publish(
    results: Path,
    say: Callable[[str], object],
    *,
    page: Path = _PAGE,
    carriers: Path = _CARRIERS,
    published: Path = PUBLISHED,
) -> None:
    """Take the finished runs from the folder `results`, fill the page and the table of carriers, draw the picture.

    A run that is not there leaves its part of the page as it was. Raises WrongResults where none is, or one is not
    finished; NoMarkers where the page has no place for it; ImportError without matplotlib, naming the extra.
    """
    published.mkdir(parents=True, exist_ok=True)
    found = {}
    for command in ("run", "peers", "native"):
        path = results / f"{command}.json"
        if path.exists():
            found[command] = Results.load(path)
            if not found[command].complete:
                raise WrongResults(f"{path} is of a run that was not finished: go on with --resume")
            shutil.copyfile(path, published / path.name)
    if not found:
        raise WrongResults(f"no run in {results}: make bench, make bench-peers, make bench-native")
    for command, taken in found.items():
        match command:
            case "peers":
                text = markdown.for_peers(taken, peer_rows())
            case _:
                text = markdown.for_run(taken, run_rows() if command == "run" else native_rows())
        markdown.fill(page, command, text)
        say(f"{page}: {command}\n")
    kept = {
        command: Results.load(path) for command in ("run", "peers") if (path := published / f"{command}.json").exists()
    }
    markdown.fill(carriers, "carriers", carriers_table(kept.get("run"), kept.get("peers")))
    say(f"{carriers}\n")
    for suffix in (".svg", ".png"):
        picture = page.with_suffix(suffix)
        chart.draw(kept.get("run"), kept.get("peers"), picture)
        say(f"{picture}\n")
