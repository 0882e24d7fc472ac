"""What everything that finds nodes must do, as checks that any implementation can run on itself.

A finder joins with one line: `await check_discovery(factory)`, or one test for each of `DISCOVERY_CHECKS`. Nothing here
knows which finder it runs on, or whether time is real.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Final

from ...discovery.facts import Candidate, Finder, MakeFinder
from ...transports.streams import Endpoint
from ..leaks import tasks_left
from .claims import require

__all__ = [
    "DISCOVERY_CHECKS",
    "DiscoveryCheck",
    "DiscoveryFactory",
    "FinderPlace",
    "check_discovery",
    "run_discovery_check",
]

#: Seconds after which a check counts as hanging, beside the silences that it waits for.
_PATIENCE: Final = 30.0
_ALICE, _BOB, _CAROL = ("a" * 64, "b" * 64, "c" * 64)


@dataclass(frozen=True, slots=True)
class FinderPlace:
    """One segment, on which finders can hear each other."""

    #: Makes a finder on this segment.
    make: MakeFinder
    #: Endpoints that a finder of this kind can advertise; a different one for each number from 0 to 9.
    endpoint: Callable[[int], Endpoint]
    #: Seconds after which what has not been heard will not be: a check that expects silence waits so long.
    silence: float
    #: While entered, strangers say malformed things on the segment; None where nobody else can speak there.
    nonsense: Callable[[], AbstractAsyncContextManager[object]] | None = None
    #: What is found says who it is, and what it offers; False where only places are known, as of the name system.
    names: bool = True
    #: Which node is at which endpoint, as the checks have them: what a finder cannot say that does not name nodes.
    residents: dict[Endpoint, str] = field(default_factory=dict)


DiscoveryFactory = Callable[[], AbstractContextManager[FinderPlace]]
DiscoveryCheck = Callable[[FinderPlace], Awaitable[None]]


async def check_discovery(factory: DiscoveryFactory) -> None:
    """Run every check on a new segment each. Raises AssertionError that names what does not hold."""
    for check in DISCOVERY_CHECKS:
        with factory() as place:
            await run_discovery_check(check, place)


async def run_discovery_check(check: DiscoveryCheck, place: FinderPlace) -> None:
    """Run one check; it fails as well if it hangs, or leaves a task behind."""
    before = asyncio.all_tasks()
    try:
        async with asyncio.timeout(_PATIENCE + 4 * place.silence):
            await check(place)
    except TimeoutError as error:
        raise AssertionError(f"{_name(check)}: hangs, or what it waits for is never heard") from error
    except AssertionError as error:
        raise AssertionError(f"{_name(check)}: {error}") from error
    left = await tasks_left(before)
    require(not left, f"{_name(check)} left tasks behind: {left}")


# Finding.


async def two_nodes_find_each_other(place: FinderPlace) -> None:
    """Two nodes find each other."""
    async with _node(place, _ALICE, 0, ["archive", "index"]) as alice, _node(place, _BOB, 1) as bob:
        await alice.wait(lambda: alice.knows(_BOB))
        await bob.wait(lambda: bob.knows(_ALICE))
        found = bob.latest(_ALICE)
        offers = {"archive", "index"} if place.names else set()
        require(set(found.roles) == offers, f"alice offers archive and index, bob heard {found.roles}")
        require(_at(found) == [place.endpoint(0)], f"alice is at {place.endpoint(0)}, bob heard {_at(found)}")
        require(alice.latest(_BOB).roles == (), f"bob offers nothing, alice heard {alice.latest(_BOB).roles}")


async def who_comes_late_is_found_and_finds(place: FinderPlace) -> None:
    """A node that comes late is found, and finds."""
    async with _node(place, _ALICE, 0) as alice, _node(place, _BOB, 1) as bob:
        await alice.wait(lambda: alice.knows(_BOB))
        async with _node(place, _CAROL, 2) as carol:
            await carol.wait(lambda: carol.knows(_ALICE) and carol.knows(_BOB))
            await alice.wait(lambda: alice.knows(_CAROL))
            await bob.wait(lambda: bob.knows(_CAROL))


async def every_one_of_many_finds_all_others(place: FinderPlace) -> None:
    """Every one of many finds all others."""
    ids = [f"{number:x}" * 64 for number in range(6)]
    async with contextlib.AsyncExitStack() as stack:
        nodes = [await stack.enter_async_context(_node(place, node_id, number)) for number, node_id in enumerate(ids)]
        for node in nodes:
            await node.wait(lambda node=node: all(map(node.knows, set(ids) - {node.node_id})))  # type: ignore[misc]


async def a_node_does_not_find_itself(place: FinderPlace) -> None:
    """A node does not find itself."""
    async with _node(place, _ALICE, 0) as alice, _node(place, _BOB, 1):
        await alice.wait(lambda: alice.knows(_BOB))
        await asyncio.sleep(place.silence)
        require(not alice.knows(_ALICE), "alice was told that she found herself")


async def nodes_of_another_network_are_not_found(place: FinderPlace) -> None:
    """Nodes of another network are not found, nor missed when they go."""
    async with _node(place, _BOB, 1) as bob:
        async with _node(place, _ALICE, 0, network="other") as alice, _node(place, _CAROL, 2):
            await bob.wait(lambda: bob.knows(_CAROL))
            await asyncio.sleep(place.silence)
            require(not bob.knows(_ALICE), "bob found a node of another network")
            require(not alice.found, f"alice found nodes of another network: {alice.found}")
        await bob.wait(lambda: bool(bob.lost))
        await asyncio.sleep(place.silence)
        require(bob.lost == [_CAROL], f"of carol's and alice's goodbyes bob heard {bob.lost}")


async def a_node_is_told_once_while_nothing_changes(place: FinderPlace) -> None:
    """A node is told once while nothing changes."""
    async with _node(place, _ALICE, 0, ["archive"]) as alice, _node(place, _BOB, 1) as bob:
        await bob.wait(lambda: bob.knows(_ALICE))
        await alice.finder.update(["archive"])
        await asyncio.sleep(place.silence)
        require(len(bob.found) == 1, f"bob was told {len(bob.found)} times of a node that did not change")


async def candidates_name_what_found_them(place: FinderPlace) -> None:
    """Candidates name what found them, always the same."""
    async with _node(place, _ALICE, 0) as alice, _node(place, _BOB, 1) as bob, _node(place, _CAROL, 2):
        await bob.wait(lambda: bob.knows(_ALICE) and bob.knows(_CAROL))
        if place.names:
            await alice.finder.update(["index"])
            await bob.wait(lambda: len(bob.found) > 2)
        sources = {candidate.source for candidate in bob.found}
        require(len(sources) == 1, f"candidates of one finder name several: {sources}")
        require("" not in sources, "a candidate does not say what found it")


# Changing.


async def a_change_of_roles_is_heard(place: FinderPlace) -> None:
    """A change of roles is heard."""
    if not place.names:
        return
    async with _node(place, _ALICE, 0, ["archive"]) as alice, _node(place, _BOB, 1) as bob:
        await bob.wait(lambda: bob.knows(_ALICE))
        for roles in (["archive", "index"], [], ["index"]):
            await alice.finder.update(roles)
            await bob.wait(lambda roles=roles: set(bob.latest(_ALICE).roles) == set(roles))  # type: ignore[misc]
        require(not bob.lost, "a change of roles was taken for a goodbye")
        async with _node(place, _CAROL, 2) as carol:
            await carol.wait(lambda: carol.knows(_ALICE))
            require(
                carol.latest(_ALICE).roles == ("index",), "a node that came after a change heard what was before it"
            )


async def roles_that_change_quickly_end_with_the_last(place: FinderPlace) -> None:
    """Roles that change quickly end with the last."""
    if not place.names:
        return
    async with _node(place, _ALICE, 0) as alice, _node(place, _BOB, 1) as bob:
        for number in range(5):
            await alice.finder.update([f"role-{number}"])
        await bob.wait(lambda: bob.knows(_ALICE) and bob.latest(_ALICE).roles == ("role-4",))
        await asyncio.sleep(place.silence)
        require(bob.latest(_ALICE).roles == ("role-4",), f"bob ended with {bob.latest(_ALICE).roles}")


# Going.


async def a_goodbye_is_heard_once(place: FinderPlace) -> None:
    """A goodbye is heard, once, by everyone who had found the node."""
    async with _node(place, _BOB, 1) as bob, _node(place, _CAROL, 2) as carol:
        async with _node(place, _ALICE, 0):
            await bob.wait(lambda: bob.knows(_ALICE))
            await carol.wait(lambda: carol.knows(_ALICE))
        await bob.wait(lambda: bool(bob.lost))
        await carol.wait(lambda: bool(carol.lost))
        await asyncio.sleep(place.silence)
        require(bob.lost == [_ALICE] == carol.lost, f"alice left once; bob heard {bob.lost}, carol {carol.lost}")


async def who_comes_again_is_found_where_it_is_now(place: FinderPlace) -> None:
    """A node that comes again is found where it is now."""
    async with _node(place, _BOB, 1) as bob:
        async with _node(place, _ALICE, 0):
            await bob.wait(lambda: bob.knows(_ALICE))
        async with _node(place, _ALICE, 3, ["archive"]):
            await bob.wait(lambda: _at(bob.latest(_ALICE)) == [place.endpoint(3)])
            await bob.wait(lambda: not place.names or bob.latest(_ALICE).roles == ("archive",))


async def who_has_closed_hears_nothing_more(place: FinderPlace) -> None:
    """A finder that has closed hears nothing more."""
    async with _node(place, _BOB, 1) as bob, _node(place, _CAROL, 2) as carol:
        await bob.wait(lambda: bob.knows(_CAROL))
        await bob.finder.aclose()
        heard = len(bob.found), len(bob.lost)
        async with _node(place, _ALICE, 0):
            await carol.wait(lambda: carol.knows(_ALICE))
        await carol.wait(lambda: _ALICE in carol.lost)
        require((len(bob.found), len(bob.lost)) == heard, "bob heard something after he had closed")


async def closing_is_idempotent_and_possible_at_any_time(place: FinderPlace) -> None:
    """Closing is idempotent, and possible at any time."""
    never = _Ears(place, _ALICE, 0, [], "test")
    await never.finder.update(["archive"])
    await never.finder.aclose()
    await never.finder.aclose()
    async with _node(place, _BOB, 1) as bob:
        await asyncio.gather(bob.finder.aclose(), bob.finder.aclose())
        await bob.finder.update(["archive"])


async def a_start_that_is_cancelled_leaves_nothing(place: FinderPlace) -> None:
    """A start that is cancelled leaves nothing."""
    for turns in (0, 1, 2, 5):
        ears = _Ears(place, _ALICE, 0, [], "test")
        await _cancel_after(turns, ears.finder.start())
        await ears.finder.aclose()


async def a_close_that_is_cancelled_can_be_done_again(place: FinderPlace) -> None:
    """A close that is cancelled can be done again."""
    for turns in (0, 1, 2):
        ears = _Ears(place, _ALICE, 0, [], "test")
        require(await ears.finder.start(), "the finder does not start")
        await _cancel_after(turns, ears.finder.aclose())
        await ears.finder.aclose()


# Strangers.


async def nonsense_is_ignored(place: FinderPlace) -> None:
    """Nonsense is ignored, and does not hide those that are really there."""
    if place.nonsense is None:
        return
    async with _node(place, _BOB, 1) as bob, place.nonsense(), _node(place, _ALICE, 0, ["archive"]) as alice:
        await bob.wait(lambda: bob.knows(_ALICE))
        await alice.wait(lambda: alice.knows(_BOB))
        await asyncio.sleep(place.silence)
        strangers = {candidate.node_id for candidate in bob.found} - {_ALICE}
        require(not strangers, f"nonsense was taken for nodes: {strangers}")
        await alice.finder.update(["index"])
        await bob.wait(lambda: not place.names or bob.latest(_ALICE).roles == ("index",))


#: Every check, in the order of this file.
DISCOVERY_CHECKS: tuple[DiscoveryCheck, ...] = (
    two_nodes_find_each_other,
    who_comes_late_is_found_and_finds,
    every_one_of_many_finds_all_others,
    a_node_does_not_find_itself,
    nodes_of_another_network_are_not_found,
    a_node_is_told_once_while_nothing_changes,
    candidates_name_what_found_them,
    a_change_of_roles_is_heard,
    roles_that_change_quickly_end_with_the_last,
    a_goodbye_is_heard_once,
    who_comes_again_is_found_where_it_is_now,
    who_has_closed_hears_nothing_more,
    closing_is_idempotent_and_possible_at_any_time,
    a_start_that_is_cancelled_leaves_nothing,
    a_close_that_is_cancelled_can_be_done_again,
    nonsense_is_ignored,
)


class _Ears:
    """One node's finder, what it heard, and what waits for that."""

    def __init__(self, place: FinderPlace, node_id: str, number: int, roles: Iterable[str], network: str) -> None:
        self.node_id = node_id
        self._residents = place.residents
        self._residents[place.endpoint(number)] = node_id
        self._places: dict[Endpoint, str] = {}
        self.found: list[Candidate] = []
        self.lost: list[str] = []
        self._news = asyncio.Event()
        self.finder: Finder = place.make(
            node_id,
            network,
            endpoints=[place.endpoint(number)],
            roles=roles,
            on_found=self._on_found,
            on_lost=self._on_lost,
        )

    def knows(self, node_id: str) -> bool:
        """It has found that node."""
        return any(candidate.node_id == node_id for candidate in self.found)

    def latest(self, node_id: str) -> Candidate:
        """What it heard of that node last."""
        return next(candidate for candidate in reversed(self.found) if candidate.node_id == node_id)

    async def wait(self, condition: Callable[[], bool]) -> None:
        """Wait until what it heard makes the condition true."""
        while not condition():
            self._news.clear()
            await self._news.wait()

    def _on_found(self, candidate: Candidate) -> None:
        if candidate.node_id is None:
            self._on_places(candidate)
        else:
            self.found.append(candidate)
        self._news.set()

    def _on_places(self, candidate: Candidate) -> None:
        """Of places alone: each is the node that is there."""
        before, self._places = self._places, {e: self._residents.get(e, str(e)) for e in candidate.endpoints}
        for endpoint, node_id in self._places.items():
            if endpoint not in before:
                self.found.append(replace(candidate, node_id=node_id, endpoints=(endpoint,)))
        self.lost += [node_id for node_id in before.values() if node_id not in self._places.values()]

    def _on_lost(self, node_id: str) -> None:
        self.lost.append(node_id)
        self._news.set()


@contextlib.asynccontextmanager
async def _node(
    place: FinderPlace, node_id: str, number: int, roles: Iterable[str] = (), *, network: str = "test"
) -> AsyncIterator[_Ears]:
    ears = _Ears(place, node_id, number, roles, network)
    try:
        require(await ears.finder.start(), "the finder cannot start here")
        yield ears
    finally:
        await ears.finder.aclose()


async def _cancel_after(turns: int, work: Awaitable[object]) -> None:
    task = asyncio.ensure_future(work)
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])


def _at(candidate: Candidate) -> list[Endpoint]:
    return [endpoint.without_peer() for endpoint in candidate.endpoints]


def _name(check: DiscoveryCheck) -> str:
    return (inspect.getdoc(check) or repr(check)).rstrip(".")
