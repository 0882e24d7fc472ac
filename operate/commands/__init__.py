"""The commands of `peerbus`, each in a module that is imported when it is called."""

from __future__ import annotations

from .catalogue import COMMANDS, CommandEntry, command_called

__all__ = ["COMMANDS", "CommandEntry", "command_called"]
