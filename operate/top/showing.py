"""Shows what is watched: on the whole screen of a terminal, or as lines or JSON where there is none.

Only here is rich imported, when it is needed: it is an extra.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING

from ...actors.base import ConfigError
from .plain import PlainTop
from .watching import Watching

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["show"]

#: Columns where nobody says how wide the output is.
WIDTH = 100
#: The exit status where the terminal has gone: 128 and SIGHUP's number.
HUNG_UP = 129


async def show(watching: Watching, say: Callable[[str], None], *, json: bool = False, count: int | None = None) -> int:
    """Until it was enough; return the exit status. `say` writes lines, of which there are some where the output is no
    terminal, or where `count` pictures are wanted; `json`: a line of JSON each.

    Raises AdminError where the node is not reached at first, ConfigError where rich is needed and not there.
    """
    if json:
        return await _in_lines(watching, say, None, count)
    console = _console()
    if count is None and console.is_terminal and not console.is_dumb_terminal:
        return await _on_screen(watching, console)
    return await _in_lines(watching, say, console, count)


def _console() -> Console:
    try:
        from rich.console import Console
    except ImportError as error:
        raise ConfigError(f'peerbus top needs rich, the extra `top`: pip install "peerbus[top]" ({error})') from error
    return Console(highlight=False, markup=False, emoji=False)


async def _in_lines(watching: Watching, say: Callable[[str], None], console: Console | None, count: int | None) -> int:
    def lines() -> str:
        from .drawing import lines_of

        return lines_of(watching, shutil.get_terminal_size((WIDTH, 24)).columns)

    plain = PlainTop(watching, say, None if console is None else lines, count)
    watching.changed = plain.changed
    await watching.run()
    return 0


async def _on_screen(watching: Watching, console: Console) -> int:
    from .drawing import blocks_for, draw, lines_for_rows
    from .screen import TopScreen

    status = 0

    def press(key: str) -> None:
        width, height = screen.size
        watching.press(key, width=width, page=lines_for_rows(height))

    def gone() -> None:  # as when ssh was cut
        nonlocal status
        status = HUNG_UP
        watching.end()

    def redraw() -> None:
        try:
            screen.draw(draw(watching, *screen.size))
        except OSError:
            gone()

    watching.blocks, watching.changed = blocks_for(console), redraw
    screen = TopScreen(console, press=press, resized=redraw, gone=gone)
    with screen:
        redraw()
        await watching.run()
    return status
