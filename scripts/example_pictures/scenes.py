"""What is on the pictures: each scene runs an example as its README says, and returns what stood on the screens."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import terminal
from terminal import AtTerminal, at_terminal

from .terminal_svg import Window, svg_of, window_of

__all__ = ["EXAMPLES", "PICTURES", "draw"]

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

#: Seconds that a scene may take: a machine that is gone is noticed by what it does not say.
terminal.PATIENCE = 180.0

Scene = Callable[[], tuple[str, list[list[Window]]]]


class Stage:
    """Opens terminals, each with an example in it."""

    def __init__(self, opened: ExitStack) -> None:
        self._opened = opened

    def run(self, *words: str, columns: int = 80, lines: int = 40) -> AtTerminal:
        command = (sys.executable, "-m", *words)
        variables = {"PYTHONPATH": str(EXAMPLES)}
        return self._opened.enter_context(at_terminal(*command, columns=columns, lines=lines, variables=variables))


@contextmanager
def stage() -> Iterator[Stage]:
    """For the time of a scene."""
    with ExitStack() as opened:
        yield Stage(opened)


def shows(terminal: AtTerminal, *texts: str) -> None:
    """Wait until all of these are on the screen."""
    terminal.until(lambda lines: all(text in "\n".join(lines) for text in texts))


def alone() -> list[str]:
    """Arguments that keep a scene from meeting another one."""
    return ["--here", "--network", f"picture-{os.getpid()}"]


def chat() -> tuple[str, list[list[Window]]]:
    said = "Three people in a chat, in three terminals; one of them is killed, and the two others are told"
    with stage() as at:
        ada, bob, eve = (at.run("chat", name, *alone(), columns=62, lines=16) for name in ("ada", "bob", "eve"))
        for terminal, others in ((ada, ("bob", "eve")), (bob, ("ada", "eve")), (eve, ("ada", "bob"))):
            shows(terminal, *(f"{name} is here" for name in others))
        ada.type("does anybody have the keys?\n")
        shows(bob, "the keys?")
        bob.type("no, ask eve\n")
        shows(ada, "ask eve")
        eve.type("/to ada they are under the mat\n")
        shows(ada, "under the mat")
        eve.process.kill()
        shows(ada, "eve is lost")
        shows(bob, "eve is lost")
        ada.type("/who\n")
        shows(ada, "in lobby: bob, you")
        bob.type("is she ok?")
        shows(bob, "> is she ok?")
        windows = [[window_of(f"python -m chat {name}", each.screen) for name, each in (("ada", ada), ("bob", bob))]]
    return said, windows


def show_of(said: str, *words: str, columns: int = 100, lines: int = 60) -> Scene:
    """A scene of one terminal: the example's own show, from its beginning to its end."""

    def scene() -> tuple[str, list[list[Window]]]:
        with stage() as at:
            terminal = at.run(*words, columns=columns, lines=lines)
            assert terminal.ends() == 0, terminal.shown
            return said, [[window_of(" ".join(["python -m", *words]), terminal.screen)]]

    return scene


#: By the folder of the example.
SCENES: dict[str, Scene] = {
    "chat": chat,
    "jobs": show_of(
        "Workers render frames; one frame is cancelled, one worker is killed, and every frame has an end",
        "jobs", "demo", "--frames", "6", columns=70,
    ),
    "sensors": show_of(
        "A share of the sensors is asked; one is silent, then half of them are killed", "sensors", "demo"
    ),
    "cache": show_of(
        "Three replicas; one is killed, misses a write, and is repaired when it is back", "cache", "demo"
    ),
    "mempool": show_of(
        "Six miners in a ring have every payment once; a forged one goes nowhere", "mempool", "demo", columns=92
    ),
    "three_sites": show_of(
        "Two LANs and a hub: both desks see all stores, Lyon is cut off, and comes back", "three_sites", columns=132
    ),
}  # fmt: skip


#: Those that `draw` knows.
PICTURES = (*SCENES, "gateway", "dashboard")


def draw(name: str) -> Path:
    """Run the scene, and write its picture beside its README; that of the dashboard into docs/."""
    if name == "gateway":
        from .browser import photograph_gateway  # what it takes is there for this picture alone

        return photograph_gateway(EXAMPLES, EXAMPLES / name)
    if name == "dashboard":
        from .dashboard import photograph_dashboard

        return photograph_dashboard(EXAMPLES.parent / "docs")
    said, rows = SCENES[name]()
    path = EXAMPLES / name / f"{name}.svg"
    path.write_text(svg_of(rows, said=said), encoding="utf-8")
    return path
