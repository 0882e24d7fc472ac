"""Connections that say nothing, from 200 addresses."""

from __future__ import annotations

from ..attack import Attack, Target
from .silent import keep_silent

__all__ = ["ATTACK"]


async def _run(target: Target) -> None:
    await keep_silent(target, addresses=200, a_second=1000.0)


ATTACK = Attack(
    number=2,
    name="silent-crowd",
    about="connections that say nothing, 1 000 a second from 200 addresses",
    run=_run,
    small=400,
)
