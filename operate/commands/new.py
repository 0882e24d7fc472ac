"""`peerbus new`: a project that runs and passes its tests at once, or one more reactor in it."""

from __future__ import annotations

import argparse
from pathlib import Path

from ...actors.base import ConfigError
from ..scaffold import ReactorNames, UserProject
from .terminal import Terminal

__all__ = ["add_arguments", "run"]

_EPILOG = """\
APP is the folder to make, whose name is the project's: lower-case letters, digits and '-'. In it are a package with
its messages, a reactor that answers and one that asks; a test of each alone, and of the cluster in simulation; two
nodes, alice.toml and bob.toml, with their keys, which git ignores; a README, a Dockerfile, a unit of systemd, and a
file for CI.

--reactor NAME adds a reactor with its messages and its test to the project that the working directory is in: the one
whose pyproject.toml says where its package is, [tool.peerbus] package = "…".

examples:
  peerbus new weather
  cd weather && pip install -e '.[test]' && pytest && peerbus run alice.toml
  peerbus new --reactor ledger --config alice.toml
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words and flags of `peerbus new`."""
    parser.epilog = _EPILOG
    parser.add_argument("app", metavar="APP", nargs="?", help="the folder to make, named as the project")
    parser.add_argument("--reactor", metavar="NAME", help="add a reactor to the project here: ledger, or BlockSync")
    parser.add_argument(
        "--config", metavar="CONFIG.toml", type=Path, help="with --reactor: the configuration that is to run it"
    )


def run(options: argparse.Namespace) -> int:
    """Make it, and say what to do next; return the exit status. Raises ConfigError."""
    if (options.app is None) == (options.reactor is None):
        raise ConfigError("name a project to make, `peerbus new weather`, or a reactor, `peerbus new --reactor ledger`")
    if options.app is not None:
        if options.config is not None:
            raise ConfigError("--config goes with --reactor: a new project has its configurations")
        return _project(options.app)
    return _reactor(ReactorNames.of(options.reactor), options.config)


def _project(text: str) -> int:
    app = Path(text)
    if app.name in ("", ".."):  # "", ".", "/", "..": a path that ends in no name
        raise ConfigError(
            f"{text!r} names no folder to make: a project begins in a folder of its own, as `peerbus new weather`"
        )
    made = UserProject.make(app.absolute())
    Terminal().say(
        f"made {app}: its package is {made.package}/, its nodes are alice.toml and bob.toml",
        f"  cd {app}",
        "  pip install -e '.[test]' && pytest",
        "  peerbus run alice.toml      in one terminal",
        "  peerbus run bob.toml        in another: it is greeted",
        "README.md in there has the rest; keys/ is private, and git ignores it.",
    )
    return 0


def _reactor(names: ReactorNames, config: Path | None) -> int:
    made = UserProject.around(Path.cwd()).add(names, config)
    say = Terminal().say
    say(f"made {' and '.join(map(str, made.files))}")
    if made.config is None:
        say(f'to run it, add it to the reactors of a configuration: reactors = […, "{made.path}"]')
    else:
        say(f"{made.config} runs it: peerbus run {made.config}")
    return 0
