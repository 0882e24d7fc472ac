"""Every way of finding nodes that can be configured: the table of their schemes, and what installed packages bring."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ..actors.base import BuiltIn, ConfigError, Installed, PlugIns, blamed
from .facts import FinderKind, MakeFinder

__all__ = ["finders_installed", "make_finders"]

_HERE: Final = __name__.rpartition(".")[0]
_KINDS: Final = PlugIns(
    "finder",
    FinderKind,
    "peerbus.finders",
    {
        "dns": BuiltIn(f"{_HERE}.dns", "KIND", "dns", "dns.asyncresolver"),
        "folder": BuiltIn(f"{_HERE}.folder", "KIND"),
    },
)


def make_finders(urls: Iterable[str]) -> dict[str, MakeFinder]:
    """What makes the finders that these URLs name, by the URL. Raises ConfigError."""
    made: dict[str, MakeFinder] = {}
    for url in urls:
        scheme, separator, _ = url.partition("://")
        if not separator:
            raise ConfigError(f"{url!r} names no finder; write dns://NAME?type=SRV or folder:///PATH")
        scheme = scheme.lower()
        kind = _KINDS.load(scheme)
        if kind.scheme != scheme:
            raise ConfigError(f"what is installed as the finder {scheme!r} is that of {kind.scheme!r}")
        try:
            with blamed("finder", scheme):
                made[url] = kind.make(url)
        except ValueError as error:
            raise ConfigError(str(error)) from error
        if not callable(made[url]):
            raise ConfigError(f"the finder {scheme} is broken: it makes {made[url]!r}, and not what makes a finder")
    return made


def finders_installed() -> list[Installed]:
    """Every scheme of a finder that can be configured, and those that lack something; none is imported."""
    return _KINDS.listed()
