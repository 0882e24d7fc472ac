"""The commands of `peerbus`, each in a module that is imported when it is called."""

from __future__ import annotations

from .catalogue import COMMANDS, CommandEntry, command_called
from .help_text import HelpText

__all__ = ["COMMANDS", "CommandEntry", "HelpText", "command_called"]
