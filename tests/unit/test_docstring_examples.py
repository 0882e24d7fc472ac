"""Every example in a docstring runs; and what a program is written with has one."""

from __future__ import annotations

import inspect
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from docstring_examples import Blocks, Example, examples, exports, run_example

from peerbus.actors import Bus
from peerbus.node import Node
from peerbus.testing import Probes

EXAMPLES = list(examples())
#: Those that wait for nothing, and name nothing that runs.
PLAIN = [each for each in EXAMPLES if not each.waits and not re.search(r"\b(node|bus)\.|\bprobe\b", each.code)]

#: What nobody makes or calls by hand, as it comes out of the bus and its fields say what it is; and what is written
#: once in a life, by who carries bytes or finds nodes: for these a page of the documentation is the example.
GIVEN = {
    "actors": "Account ActorFailed ActorRestarted ActorStarted ActorTerminated BlockingView BusStatistics ChannelLoad "
    "Ending FailedOver HandlerStalled Ledger Link MailboxStatistics MemberView PoolResized PoolView ReplyFuture "
    "WaitView",
    "transports": "BlockPipe ByteStream ChannelInfo ConnectionStatistics Disconnect Greeted Hello LaneStatistics "
    "Listener Location MemoryTransport PeerConnection PipedListener PipedTransport Scheme Scope Shape Transport "
    "TransportKind TransportOptions expected_peer greet register",
    "discovery": "BookFailed BookRecovered "
    "Advert AdvertisePeers AnnounceMyself Ban Candidate Finder FinderKind FoundPeer LeverResult ListenerLost "
    "ListenerRestored MakeFinder Mdns MdnsOptions MdnsStatistics PeerBanned PeerCertified PeerDown PeerManager "
    "PeerNotReached PeerRecord PeerRefused PeerRolesChanged PeerState PeerUnbanned PeerUp PeerView PeerWasUseful "
    "Peers PeersSnapshot ReportPeer RequirementMet RequirementUnmet RequirementView ScoreReason",
    "patterns": "GetGossip GossipView",
    "node": "ActorFailure EventReader Happened LostMessage NodeSnapshot WorkerView",
    "operate": "AdminClient AdminTarget EventView EventsMissed NodeBack NodeHere NodeLost find_node nodes_here",
    "testing": "Answered Event Failed FinderPlace NodeArguments Nodes Published Received Spawned Stopped TimerSet "
    "TransportPair Unwatched VirtualLoop Watched check_discovery check_transport settled tasks_left",
}


@pytest.fixture
async def node() -> AsyncIterator[Node]:
    """A node that serves blocks, and offers `archive` for it."""
    async with Node("alice", offers={"archive"}, reactors=[Blocks]) as running:
        yield running


@pytest.mark.parametrize("example", [each for each in EXAMPLES if each not in PLAIN], ids=lambda each: each.name)
async def test_an_example_runs_beside_a_node(
    example: Example, node: Node, probe: Probes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with Bus() as bus:
        await run_example(example, {"node": node, "bus": bus, "probe": probe})


@pytest.mark.parametrize("example", PLAIN, ids=lambda each: each.name)
def test_an_example_that_waits_for_nothing_runs(
    example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    step = run_example(example, {})
    with pytest.raises(StopIteration):
        step.send(None)


def test_what_a_program_is_written_with_has_an_example() -> None:
    explained = {each.name.split(" ")[0] for each in EXAMPLES}
    given = {f"{package}.{name}" for package, names in GIVEN.items() for name in names.split()}
    silent = {
        name
        for name, value in exports()
        if (inspect.isroutine(value) or (inspect.isclass(value) and not issubclass(value, BaseException)))
        and not any(each == name or each.startswith(f"{name}.") for each in explained)
    }
    assert sorted(silent - given) == [], "give it an example, or say here why it needs none"
    assert sorted(given - silent) == [], "it has one now: take it out of the table"
