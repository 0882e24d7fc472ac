"""`peerbus completion`: a script that lets a shell complete the words of `peerbus`."""

from __future__ import annotations

import argparse

from .shell_scripts import SHELLS
from .shell_words import all_words
from .terminal import Terminal

__all__ = ["add_arguments", "run"]

_EPILOG = """\
examples:
  source <(peerbus completion bash)                                    in ~/.bashrc
  source <(peerbus completion zsh)                                     in ~/.zshrc, behind compinit
  peerbus completion fish > ~/.config/fish/completions/peerbus.fish

It completes commands, flags, what flags take, files, and the names of nodes that run here. Print it again after an
upgrade: it asks nothing of the program meanwhile.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `peerbus completion`."""
    parser.epilog = _EPILOG
    parser.add_argument("shell", metavar="SHELL", choices=list(SHELLS), help=", ".join(SHELLS))


def run(options: argparse.Namespace) -> int:
    """Print it."""
    Terminal().say(SHELLS[options.shell](all_words()).rstrip("\n"))
    return 0
