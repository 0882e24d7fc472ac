"""The members of a pool: who has which key, also when one of them has ended."""

from __future__ import annotations

from functools import partial
from typing import Any

from pool_workers import Break, Work, Worker, eventually, view

from peerbus.actors import (
    LOCAL,
    Bus,
    Key,
    Pool,
)


def by_key(message: object) -> Any:
    return Key(message.key) if isinstance(message, Work) and message.key else "least"


async def test_the_keys_of_a_member_that_has_ended_go_to_the_others() -> None:
    book: list[tuple[str, int]] = []
    async with Bus(reactors=[Pool(partial(Worker, book), members=3, pick=by_key)]) as bus:
        before = {str(n): await bus.ask(LOCAL / Worker, Work(n, str(n))) for n in range(20)}
        for _ in range(3):
            await bus.tell(LOCAL / "work.2", Break())
        await eventually(lambda: view(bus).lost == 1)
        after = {str(n): await bus.ask(LOCAL / Worker, Work(n, str(n))) for n in range(20)}
        assert {key for key in after if after[key] != before[key]} == {k for k in before if before[k] == "work.2"}
