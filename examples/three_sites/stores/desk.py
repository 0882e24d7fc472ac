"""A desk asks all stores that it reaches, again and again, and says so when the answer is another one."""

from __future__ import annotations

from collections.abc import Iterable

from peerbus.actors import Channel, Reactor, Role, SendError, handles

from .messages import Count, Counted, Look
from .store import Store

#: Seconds between two looks, and for which a desk waits for an answer.
EVERY, PATIENCE = 0.5, 2.0


class Desk(Reactor):
    """It has no address of anybody: whoever offers the role `store`, wherever that is, is asked."""

    channel = Channel("desk", messages=(Look,), local=True)

    def __init__(self) -> None:
        super().__init__()
        self.said = ""

    def on_start(self) -> None:
        self.every(EVERY, Look(), missed="delay")

    @handles(Look)
    async def look(self, _: Look) -> None:
        try:
            found = await self.ask(Role("store", "all") / Store, Count(), timeout=PATIENCE)
        except SendError:
            said = told([])
        else:
            said = told(found.answers.values())
        if said != self.said:
            self.said = said
            print(said, flush=True)


def told(counts: Iterable[Counted]) -> str:
    """One line for people."""
    answers = sorted(counts, key=lambda each: each.site)
    bolts = ", ".join(f"{each.site} {each.bolts}" for each in answers) or "nobody"
    return f"{sum(each.bolts for each in answers)} bolts: {bolts}"
