"""The core is closed: what a test puts in the place of something there, compiled callers do not see.

Such a test fails on the compiled build, or passes and shows nothing. So it is marked `pure`, and without that mark it
is refused on both builds.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from types import ModuleType

import pytest

from peerbus.native import COMPILED

#: Modules that `make native` compiles, by the names that they are imported by.
CORE = frozenset(f"peerbus.{name}" for name in COMPILED)


class ClosedCore:
    """Refuses what `monkeypatch` is to replace or to remove in the core, except in a test that is marked `pure`."""

    def __init__(self) -> None:
        #: Whether the test that runs is for the pure build only.
        self.open = False

    def close(self) -> Callable[[], None]:
        """Let each `pytest.MonkeyPatch` look here first. Returns what ends that."""
        undo = pytest.MonkeyPatch()
        for verb in ("setattr", "delattr"):
            undo.setattr(pytest.MonkeyPatch, verb, self._looking_first(getattr(pytest.MonkeyPatch, verb)))
        return undo.undo

    def _looking_first(self, change: Callable[..., None]) -> Callable[..., None]:
        def look(patch: pytest.MonkeyPatch, target: object, *others: object, **options: object) -> None:
            __tracebackhide__ = True
            if not self.open and (module := in_core(target)) is not None:
                named = target if isinstance(target, str) else f"{getattr(target, '__name__', target)}.{others[0]}"
                pytest.fail(
                    f"{named} is of {module}, which is compiled: its callers there keep the old one. Change it by a "
                    'way that the package has, or mark the test: @pytest.mark.pure("it replaces …")',
                    pytrace=False,
                )
            change(patch, target, *others, **options)

        return look


def in_core(target: object) -> str | None:
    """The module of the core that a target of `monkeypatch` is, or is of: a module, class, object, or a path."""
    if isinstance(target, str):
        try:
            target = pkgutil.resolve_name(target.rpartition(".")[0])
        except (ImportError, AttributeError, ValueError):
            return None  # monkeypatch says what is wrong with it
    if isinstance(target, ModuleType):
        module = target.__name__
    else:
        module = (target if isinstance(target, type) else type(target)).__module__
    return module if module in CORE else None
