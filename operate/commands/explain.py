"""`peerbus explain`: what an error, a word, a key or a metric means, and what to do about it."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterator

from ..explaining import Manual, PageSection, plain_lines
from .terminal import Colour, Terminal

__all__ = ["add_arguments", "run"]

#: Columns of prose, also where the terminal has more.
WIDEST = 100
_EPILOG = """\
It reads the pages that are installed with the package, and needs no network. NAME is
  an error                          NoRoute
  a reason, a phase, an event, an alert, or a word of a handshake
                                    deadline_credit, PeerRefused, network_key
  a key of a configuration          peers.max_connected
  a metric                          peerbus_mailbox_messages
  a page, or a section of one       operate, operate#a-slow-reactor
Without NAME it lists errors and pages. What stands in brackets behind a word is a NAME as well.

examples:
  peerbus explain NoRoute
  peerbus explain RemoteError DeadlineExceeded
  peerbus explain configuration | less
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `peerbus explain`."""
    parser.epilog = _EPILOG
    parser.add_argument("names", metavar="NAME", nargs="*", help="what to explain; the case of letters does not count")


def run(options: argparse.Namespace) -> int:
    """Print it; return the exit status. Raises ConfigError for a name that no page knows."""
    manual, terminal = Manual.installed(), Terminal()
    width = min(terminal.columns or WIDEST, WIDEST)
    if not options.names:
        terminal.say(*_listed(manual, width))
        return 0
    found = [section for name in options.names for section in manual.find(name)]
    for number, section in enumerate(dict.fromkeys(found)):
        terminal.say(*([""] if number else []), *_shown(section, terminal, width))
    return 0


def _shown(section: PageSection, terminal: Terminal, width: int) -> Iterator[str]:
    place = f"  ({section.place})" if section.level > 1 else ""
    yield f"{terminal.paint(section.title, Colour.HEAD)}{terminal.paint(place, Colour.FAINT)}"
    lines = list(plain_lines(section.page, section.text, width))
    if lines:
        yield ""
    yield from lines


def _listed(manual: Manual, width: int) -> Iterator[str]:
    yield "errors:"
    yield from textwrap.wrap(
        ", ".join(manual.errors), width, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False
    )
    yield ""
    yield "pages:"
    wide = max(map(len, manual.pages))
    yield from (f"  {name:<{wide}}  {title}" for name, title in sorted(manual.pages.items()))
    yield ""
    yield "peerbus explain NAME explains one of these, or a word that they explain"
