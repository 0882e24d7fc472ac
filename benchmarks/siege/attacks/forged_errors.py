"""Errors of peers whose codes and texts have lines of their own: none of them gets into the log."""

from __future__ import annotations

from ..attack import Attack, Target
from ..law import FORGED
from ..reactors import Back
from .failing_answers import answer_with_errors

__all__ = ["ATTACK"]


async def _run(target: Target) -> None:
    await answer_with_errors(target, f"no\r\n{FORGED} all is well\u2028\x1b]0;x\x07")


ATTACK = Attack(
    number=10,
    name="forged-errors",
    about="four peers whose errors have lines and escapes of a terminal in them",
    run=_run,
    reactors=(Back,),
    small=1,
)
