"""Runs one target under libFuzzer, in a process of its own: atheris can be set up once in each."""

from __future__ import annotations

import importlib
import sys
from typing import Any

__all__ = ["fuzz"]


def fuzz(name: str, arguments: list[str]) -> None:
    """Fuzz until libFuzzer's `arguments` say that it is enough; then the process exits. Never returns.

    Raises ModuleNotFoundError where atheris is not installed.
    """
    atheris: Any = importlib.import_module("atheris")
    # Nothing of the package has been imported before: what is already there could not be instrumented.
    assert not any(module.startswith("peerbus.") for module in sys.modules)
    with atheris.instrument_imports(include=["peerbus", "fuzz.targets"]):
        from .catalogue import load

        target = load(name)
    mutate = target.mutate
    extra: dict[str, object] = {}
    if mutate is not None:

        def mutator(data: bytes, max_size: int, seed: int) -> bytes:
            # Half of all changes know the form; the others are libFuzzer's, which know what was covered.
            changed = mutate(data, max_size, seed) if seed % 2 else atheris.Mutate(data, max_size)
            return bytes(changed[:max_size])

        extra["custom_mutator"] = mutator
    atheris.Setup([f"fuzz-{name}", *arguments], target.check, **extra)
    atheris.Fuzz()
    sys.exit(0)
