"""The table of peers becomes a picture."""

from __future__ import annotations

from minds import ONE, TWO, connected, known, mind, place

from peerbus.discovery.facts.bans import Ban
from peerbus.discovery.facts.connection_view import Direction
from peerbus.discovery.mind.peer_view import PeerFilter, page_of_peers, picture_of, view_of
from peerbus.discovery.mind.wall_clock import WallClock
from peerbus.discovery.peer.lifecycle import PeerState

#: Where the loop's clock began at the 1 000th second of 1970.
WALL = WallClock(1_000.0)


def test_a_peer_is_shown_with_its_addresses_and_why_it_ranks_so() -> None:
    state = mind()
    view = view_of(known(state, ONE, 1, 2, roles=("archive",)), 0.0, WALL, state.bans)
    assert (view.node_id, view.state, view.up, view.roles) == (ONE, PeerState.IDLE, False, ("archive",))
    assert {address.endpoint for address in view.addresses} == {place(1), place(2)}
    assert {address.sources for address in view.addresses} == {("mdns",)}
    assert (view.direction, view.up_since, view.last_connected) == (None, None, None)
    view = view_of(connected(state, ONE, 3.0), 4.0, WALL, state.bans)
    assert (view.direction, view.connections, view.up_since) == (Direction.ACCEPTED, 1, 1_003.0)


def test_one_that_is_banned_waits_for_the_end_of_its_ban_and_for_nothing_else() -> None:
    state = mind()
    peer = known(state, ONE, 1)
    peer.rest_until, peer.last_reason = 18.0, "eof"
    state.bans.add(Ban(ONE, 600.0, "operator"), 0.0)
    view = view_of(peer, 4.0, WALL, state.bans)
    assert (view.last_reason, view.retry_at) == ("banned", 1_600.0)
    state.bans.add(Ban(ONE, float("inf"), "operator"), 0.0)
    assert view_of(peer, 4.0, WALL, state.bans).retry_at is None


def test_the_picture_counts_and_leaves_out_bans_that_have_ended() -> None:
    state = mind()
    connected(state, ONE)
    known(state, TWO, 2)
    state.bans.add(Ban("a" * 64, 5.0, "over"), 0.0)
    state.bans.add(Ban("b" * 64, float("inf"), "for ever"), 0.0)
    state.bans.add(Ban("c" * 64, 9.0, "loud"), 0.0)
    picture = picture_of(state, 6.0, dialing=2, refused={"full": 1}, failed={}, wall=WALL)
    assert (picture.connected, picture.ready, picture.outgoing, picture.dialing) == (1, 1, 0, 2)
    assert [(ban.target, ban.until) for ban in picture.bans] == [("b" * 64, None), ("c" * 64, 1_009.0)]
    assert (len(picture.peers), picture.refused, picture.draining) == (2, {"full": 1}, False)


def test_peers_are_found_by_id_role_address_and_name_and_by_where_they_stand() -> None:
    state = mind()
    connected(state, ONE)
    known(state, TWO, 2, roles=("archive",))

    def found(*, match: str = "", called: tuple[str, ...] = (), state_: PeerState | None = None) -> list[str | None]:
        page = page_of_peers(state, 6.0, "", 10, WALL, PeerFilter(match, called, state_))
        assert page.next is None
        return [peer.node_id for peer in page.peers]

    assert found() == sorted([ONE, TWO])
    assert found(match=TWO[:8].upper()) == [TWO]
    assert found(match="ARCH") == [TWO]
    assert found(match=str(place(2))) == [TWO]
    assert found(match="alice") == []
    assert found(match="alice", called=(ONE,)) == [ONE]
    assert found(state_=PeerState.IDLE) == [TWO]
    assert found(match="arch", state_=PeerState.READY) == []
