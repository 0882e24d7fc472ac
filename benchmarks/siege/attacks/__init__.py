"""The attacks, a file each: whatever is `ATTACK` in a module here is one, in the order of their numbers."""

from __future__ import annotations

import importlib
import pkgutil

from ..attack import Attack

__all__ = ["ATTACKS"]


def _found() -> dict[str, Attack]:
    modules = (importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__))
    attacks = sorted((module.ATTACK for module in modules), key=lambda attack: (attack.number, attack.name))
    return {attack.name: attack for attack in attacks}


ATTACKS: dict[str, Attack] = _found()
