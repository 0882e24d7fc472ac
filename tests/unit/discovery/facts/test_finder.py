"""A program's own finder: what `Node(finders=…)` takes, told of the node, heard by it, and ended with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from clusters import Cluster
from virtual_time import eventually, in_virtual_time

from peerbus.discovery.facts.events import Candidate
from peerbus.discovery.facts.finder import Finder, MakeFinder
from peerbus.transports.streams.endpoint import Endpoint


class Board:
    """Where nodes of one program write their names: each sees what the others have written."""

    def __init__(self) -> None:
        self.written: dict[str, tuple[Endpoint, ...]] = {}
        self.roles: dict[str, tuple[str, ...]] = {}
        self.hear: dict[str, Callable[[Candidate], None]] = {}
        self.closed: list[str] = []

    def __call__(
        self,
        node_id: str,
        network: str,
        *,
        endpoints: Sequence[Endpoint],
        roles: Iterable[str],
        on_found: Callable[[Candidate], None],
        on_lost: Callable[[str], None],
    ) -> Finder:
        """As `MakeFinder`."""
        self.written[node_id], self.roles[node_id], self.hear[node_id] = tuple(endpoints), tuple(roles), on_found
        return Reader(self, node_id)


class Reader:
    """One node's eyes on the board."""

    def __init__(self, board: Board, node_id: str) -> None:
        self.board = board
        self.node_id = node_id

    async def start(self) -> bool:
        """Tell each what the others have written."""
        board = self.board
        for reader, heard in board.hear.items():
            for node_id, endpoints in board.written.items():
                if node_id != reader:
                    heard(Candidate(node_id, endpoints, board.roles[node_id], source="board"))
        return True

    async def update(self, roles: Iterable[str]) -> None:
        """Write them."""
        self.board.roles[self.node_id] = tuple(roles)

    async def aclose(self) -> None:
        """Note it."""
        self.board.closed.append(self.node_id)


@in_virtual_time
async def test_nodes_find_each_other_by_a_finder_of_the_programs_own() -> None:
    board, cluster = Board(), Cluster()
    make: MakeFinder = board
    alice = cluster.node("alice", finders={"board": make}, offers={"archive"})
    bob = cluster.node("bob", finders={"board": make})
    async with alice, bob:
        await eventually(lambda: bob.node_id in alice.peers and alice.node_id in bob.peers)
        assert board.roles[alice.node_id] == ("archive",)
        assert [str(each.without_peer()) for each in board.written[alice.node_id]] == ["memory://alice"]
        alice.offer("index")
        await eventually(lambda: set(board.roles[alice.node_id]) == {"archive", "index"})
        assert board.closed == []
    assert sorted(board.closed) == sorted([alice.node_id, bob.node_id])
