"""The extensions that a configuration asks for."""

from __future__ import annotations

from ..actors.base import ConfigError
from ..node.config import NodeConfig
from ..node.extension import Extension
from .admin import Admin
from .tracing import Tracing

__all__ = ["extensions_of"]


def extensions_of(config: NodeConfig) -> list[Extension]:
    """What the tables `[admin]` and `[tracing]` describe. Raises ConfigError for what is not right."""
    return [*_admin(config), *_tracing(config)]


def _tracing(config: NodeConfig) -> list[Extension]:
    tracing = config.tracing
    if not tracing.enabled:
        return []
    try:
        return [Tracing(follow=tracing.follow, recorded=tracing.recorded)]
    except ConfigError as error:
        raise config.source.error("tracing", str(error)) from None


def _admin(config: NodeConfig) -> list[Extension]:
    """By default at a Unix socket. Where its place is not said, the node runs also if there is none for it."""
    admin = config.admin
    if not admin.enabled:
        return []
    try:
        made = Admin(
            admin.at,
            write=admin.write,
            token=admin.token,
            certificate=admin.certificate,
            key=admin.key,
            beside=config.folder,
            required=admin.at is not None,
        )
        made.check()
        return [made]
    except ConfigError as error:
        raise config.source.error("admin", str(error)) from None
