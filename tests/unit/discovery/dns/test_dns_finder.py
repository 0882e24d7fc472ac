"""The name system is asked again when its answers are over, and a server that is down takes nobody away."""

from __future__ import annotations

import asyncio

from virtual_time import in_virtual_time, log_of_the_loop

from peerbus.discovery.dns.dns_finder import LONGEST, STALE, DnsFinder
from peerbus.discovery.dns.question import Asker, FoundPlaces, Question
from peerbus.discovery.facts.events import Candidate
from peerbus.transports.streams.endpoint import Endpoint

ONE, TWO, OWN = (Endpoint("tcp", "10.0.0.1", port) for port in (1, 2, 3))


class Scripted(Asker):
    """Answers what the test says, and writes down when it was asked."""

    def __init__(self, answer: FoundPlaces | None) -> None:
        super().__init__(Question("peers", "A", 1))
        self.answer = answer
        self.asked: list[float] = []

    async def ask(self) -> FoundPlaces:
        self.asked.append(asyncio.get_running_loop().time())
        if self.answer is None:
            raise OSError("no server answers")
        return self.answer


def finder(asker: Asker, found: list[Candidate]) -> DnsFinder:
    return DnsFinder(
        Question("peers", "A", 1),
        "dns://peers",
        "a" * 64,
        "demo",
        endpoints=[OWN],
        roles=[],
        on_found=found.append,
        on_lost=lambda _: None,
        asker=asker,
    )


def last(found: list[Candidate]) -> list[str]:
    return [str(endpoint) for endpoint in found[-1].endpoints]


@in_virtual_time
async def test_answers_are_good_for_their_time_and_a_dead_server_for_an_hour() -> None:
    found: list[Candidate] = []
    asker = Scripted(FoundPlaces((TWO, ONE, OWN), 30.0))
    made = finder(asker, found)
    assert await made.start()
    await asyncio.sleep(61.0)
    assert [round(b - a) for a, b in zip(asker.asked, asker.asked[1:], strict=False)] == [30, 30]
    assert [(each.node_id, each.endpoints) for each in found] == [(None, (ONE, TWO))], "told once, without its own"
    asker.answer = FoundPlaces((ONE,), 10 * LONGEST)
    await asyncio.sleep(30.0)
    asker.answer = None
    await asyncio.sleep(LONGEST + STALE / 2)
    assert last(found) == [str(ONE)], "a dead server takes nobody away"
    await asyncio.sleep(STALE)
    assert last(found) == []
    down = len(asker.asked)
    asker.answer = FoundPlaces((TWO,), 0.0)
    await asyncio.sleep(61.0)
    assert last(found) == [str(TWO)]
    await asyncio.sleep(10.0)
    assert len(asker.asked) - down <= 75, "however short an answer is good"
    await made.aclose()
    events = [line["event"] for line in log_of_the_loop().lines]
    assert events == ["no name server answers", "a name server answers again"]


@in_virtual_time
async def test_whatever_goes_wrong_it_is_asked_again() -> None:
    class Broken(Scripted):
        async def ask(self) -> FoundPlaces:
            if len(self.asked) < 3:
                self.asked.append(0.0)
                raise ValueError("nameserver 'x' is no address")  # of a resolv.conf that somebody wrote
            return await super().ask()

    found: list[Candidate] = []
    made = finder(Broken(FoundPlaces((ONE,), 30.0)), found)
    await made.start()
    await asyncio.sleep(60.0)
    assert last(found) == [str(ONE)]
    await made.aclose()
