"""The rules of one node for its peers, as they are now: its connections share them, and are told when they change."""

from __future__ import annotations

from collections.abc import Callable

from .permissions import OPEN, Permissions

__all__ = ["PeerRules"]


class PeerRules:
    """See the module. `changed` is called when they are other ones, and has every connection judge anew."""

    __slots__ = ("changed", "permissions")

    def __init__(self, permissions: Permissions | None = None) -> None:
        self.permissions: Permissions = OPEN if permissions is None else permissions
        self.changed: Callable[[], None] = _nobody

    def set(self, permissions: Permissions) -> None:
        """Let peers do this from now on."""
        self.permissions = permissions
        self.changed()


def _nobody() -> None:
    """There is no connection yet."""
