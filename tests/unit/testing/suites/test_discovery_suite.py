"""The suite for finders finds what a finder can do wrong: each defect fails the check that is there for it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence

import pytest

from peerbus.discovery.facts.events import Candidate
from peerbus.testing.suites import discovery_suite
from peerbus.testing.suites.discovery_suite import (
    DISCOVERY_CHECKS,
    DiscoveryCheck,
    FinderPlace,
    check_discovery,
    run_discovery_check,
)
from peerbus.transports.streams.endpoint import Endpoint


class Segment:
    """The simplest finder that is right, and what can be wrong with it."""

    def __init__(self, defect: str = "") -> None:
        self.defect = defect
        self.there: dict[str, Simple] = {}

    def make(
        self,
        node_id: str,
        network: str,
        *,
        endpoints: Sequence[Endpoint],
        roles: Iterable[str],
        on_found: Callable[[Candidate], None],
        on_lost: Callable[[str], None],
    ) -> Simple:
        return Simple(self, node_id, network, Candidate(node_id, tuple(endpoints), tuple(roles)), on_found, on_lost)


class Simple:
    """Tells everybody at once."""

    def __init__(
        self,
        segment: Segment,
        node_id: str,
        network: str,
        record: Candidate,
        on_found: Callable[[Candidate], None],
        on_lost: Callable[[str], None],
    ) -> None:
        self.segment, self.node_id, self.network, self.record = segment, node_id, network, record
        self.on_found, self.on_lost = on_found, on_lost
        self.closes = 0

    def others(self) -> list[Simple]:
        return [
            other
            for other in self.segment.there.values()
            if (other is not self or self.segment.defect == "itself")
            and (other.network == self.network or self.segment.defect == "network")
        ]

    async def start(self) -> bool:
        if self.segment.defect == "cannot":
            return False
        self.segment.there[self.node_id] = self
        for other in self.others():
            other.on_found(self.record)
            if self.segment.defect != "late":
                self.on_found(other.record)
        if self.segment.defect == "task":
            asyncio.get_running_loop().create_task(asyncio.sleep(3600), name="forgotten")
        return True

    async def update(self, roles: Iterable[str]) -> None:
        changed = Candidate(self.record.node_id, self.record.endpoints, tuple(roles))
        if self.segment.defect == "update" or (changed == self.record and self.segment.defect != "again"):
            return
        self.record = changed
        if self.segment.there.get(self.node_id) is self:
            for other in self.others():
                other.on_found(changed)

    async def aclose(self) -> None:
        self.closes += 1
        if self.segment.defect == "closes" and self.closes > 1:
            raise RuntimeError("closed twice")
        if self.segment.there.get(self.node_id) is self:
            if self.segment.defect != "goodbye":
                for other in self.others():
                    if other is not self:
                        other.on_lost(self.node_id)
            if self.segment.defect != "deaf":
                del self.segment.there[self.node_id]


@contextlib.contextmanager
def segment(defect: str = "") -> Iterator[FinderPlace]:
    yield FinderPlace(
        Segment(defect).make, lambda number: Endpoint("memory", path=f"node-{number}"), 0.0, contextlib.AsyncExitStack
    )


async def test_a_finder_that_is_right_passes() -> None:
    await check_discovery(segment)


@pytest.mark.parametrize(
    ("defect", "check", "complaint"),
    [
        ("itself", discovery_suite.a_node_does_not_find_itself, "found herself"),
        ("network", discovery_suite.nodes_of_another_network_are_not_found, "another network"),
        ("late", discovery_suite.who_comes_late_is_found_and_finds, "hangs"),
        ("update", discovery_suite.a_change_of_roles_is_heard, "hangs"),
        ("again", discovery_suite.a_node_is_told_once_while_nothing_changes, "2 times"),
        ("goodbye", discovery_suite.a_goodbye_is_heard_once, "hangs"),
        ("deaf", discovery_suite.who_has_closed_hears_nothing_more, "after he had closed"),
        ("cannot", discovery_suite.two_nodes_find_each_other, "cannot start here"),
        ("task", discovery_suite.a_close_that_is_cancelled_can_be_done_again, "left tasks behind: .*forgotten"),
    ],
)
async def test_each_defect_fails_its_check(
    defect: str, check: DiscoveryCheck, complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discovery_suite, "_PATIENCE", 0.05)
    assert check in DISCOVERY_CHECKS
    with segment(defect) as place, pytest.raises(AssertionError, match=complaint):
        await run_discovery_check(check, place)
    for task in asyncio.all_tasks():
        if task.get_name() == "forgotten":
            task.cancel()


async def test_a_finder_that_cannot_be_closed_twice_is_found_out() -> None:
    with segment("closes") as place, pytest.raises(RuntimeError, match="closed twice"):
        await run_discovery_check(discovery_suite.closing_is_idempotent_and_possible_at_any_time, place)
