"""The screen of what works beside plain actors: pools, workers, streams, gossips and singletons."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from administered import Place
from inside_pairs import until
from page_driver import opened, show
from pool_jobs import Jobs, Steps

from peerbus.actors import LOCAL, Channel, Message, Pool, Reactor, handles
from peerbus.patterns import Gossip, Singleton, gossip_channel

if TYPE_CHECKING:
    from playwright.async_api import Page


class Rumour(Message):
    number: int


class Rumours(Gossip[Rumour]):
    channel = gossip_channel("rumours", Rumour)
    role = "archive"

    def deliver(self, item: Rumour) -> None: ...


class Ledger(Reactor):
    channel = Channel("ledger", messages=(Rumour,))

    @handles(Rumour)
    def take(self, _: Rumour) -> None: ...


class OneLedger(Singleton):
    reactor = Ledger
    role = "archive"
    settle = 0.0


class Source(Jobs):
    """The same actor, of which streams come."""

    channel = Channel("source", messages=Jobs.channel.messages)


async def test_each_part_is_shown_where_there_is_some_of_it(place: Place, page: Page) -> None:
    node = place.node
    async with opened(page, place.socket):
        await show(page, "work")
        await page.get_by_text("This node has no pools, no worker processes").wait_for()
        await node.bus.started(*(node.spawn(each) for each in (Rumours, OneLedger, Source, Pool(Jobs, processes=2))))
        stream = node.stream(LOCAL / Source, Steps(10_000))
        assert await anext(stream) == 0
        await node.tell(LOCAL / Rumours, Rumour(1))
        await until(lambda: node.snapshot().singletons[0].state == "here")
        for title in ("Pools", "Workers", "Streams", "Gossips", "Singletons"):
            await page.get_by_role("heading", name=title, exact=True).wait_for()
        for text in (
            "jobs.1",
            "a member of jobs",
            "among those that offer archive",
            "at one of those that offer archive",
        ):
            await page.get_by_text(text).first.wait_for()
        pid = str(node.workers()[0].pid)
        await page.locator("button.opens", has_text="jobs").first.click()
        await page.get_by_text(pid).first.wait_for()
        for name, shown in (("rumours", "Ids remembered"), ("ledger", "Nodes that run it")):
            await page.locator("button.opens", has_text=name).first.click()
            await page.get_by_text(shown).wait_for()
        if shot := os.environ.get("PEERBUS_SCREENSHOT"):
            await page.screenshot(path=shot, full_page=True)
        await stream.aclose()
