"""The command line: measures, prints the table, draws the picture."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from .figures import as_text, measure
from .plot import plot

__all__ = ["main"]

DOCS = Path(__file__).resolve().parents[2] / "docs"

_ABOUT = """\
Measure what window, mailbox, overflow, priority and timeout of a channel do under load, on virtual time: what comes out
is the same in every run, on every machine. The table goes to stdout, progress to stderr, the picture to docs/tuning.*
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; returns the exit status: 2 where the picture has no extra."""
    parser = argparse.ArgumentParser("benchmarks tuning", description=_ABOUT)
    parser.add_argument("--seconds", type=float, default=5.0, help="virtual seconds of a point (default: 5)")
    parser.add_argument("--out", type=Path, default=DOCS, metavar="FOLDER", help="where the picture goes")
    parser.add_argument("--no-plot", action="store_true", help="only the table")
    options = parser.parse_args(arguments)
    figures = measure(lambda text: print(text, file=sys.stderr, flush=True), options.seconds)
    print(as_text(figures))
    if options.no_plot:
        return 0
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        plot(figures, options.out)
    except ImportError as error:
        print(error, file=sys.stderr)
        return 2
    return 0
