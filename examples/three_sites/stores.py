"""The reactors of examples/three_sites: stores that count bolts, and desks that ask all stores there are."""

from __future__ import annotations

from peerbus.actors import Channel, Message, Reactor, Request, Role, SendError, handles

#: Seconds between two looks of a desk, and for which it waits for an answer.
EVERY, PATIENCE = 0.5, 2.0


class Count(Message, Request["Counted"]):
    """How much is there?"""


class Counted(Message):
    site: str
    bolts: int


class Look(Message):
    """To a desk, by itself: it is time to ask again."""


class Store(Reactor):
    """Knows what is in the store of its site."""

    channel = Channel("store", messages=(Count, Counted), idempotent=(Count,))

    def __init__(self, site: str, bolts: int) -> None:
        super().__init__()
        self._counted = Counted(site, bolts)

    @handles(Count)
    def count(self, _: Count) -> Counted:
        return self._counted


class Desk(Reactor):
    """Asks all stores that it reaches, again and again, and says so when the answer is another one."""

    channel = Channel("desk", messages=(Look,))

    def __init__(self) -> None:
        super().__init__()
        self._said = ""

    def on_start(self) -> None:
        self.every(EVERY, Look(), missed="delay")

    @handles(Look)
    async def look(self, _: Look) -> None:
        try:
            found = await self.ask(Role("store", "all") / Store, Count(), timeout=PATIENCE)
        except SendError:
            answers: list[Counted] = []
        else:
            answers = sorted(found.answers.values(), key=lambda each: each.site)
        bolts = ", ".join(f"{each.site} {each.bolts}" for each in answers) or "nobody"
        said = f"{sum(each.bolts for each in answers)} bolts: {bolts}"
        if said != self._said:
            self._said = said
            print(said, flush=True)
