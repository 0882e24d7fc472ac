"""The extensions that a configuration asks for."""

from __future__ import annotations

from ..actors.base import ConfigError
from ..node.config import NodeConfig
from ..node.extension import Extension
from .admin import Admin

__all__ = ["extensions_of"]


def extensions_of(config: NodeConfig) -> list[Extension]:
    """The admin API that `[admin]` describes, by default at a Unix socket. Raises ConfigError for what is not right.

    Where the configuration says nothing of its place, the node runs also if there is none for it.
    """
    admin = config.admin
    if not admin.enabled:
        return []
    try:
        return [
            Admin(
                admin.at,
                write=admin.write,
                token=admin.token,
                certificate=admin.certificate,
                key=admin.key,
                beside=config.folder,
                required=admin.at is not None,
            )
        ]
    except ConfigError as error:
        raise config.source.error("admin", str(error)) from None
