"""The table of peers becomes a picture."""

from __future__ import annotations

from minds import ONE, TWO, connected, known, mind, place

from peerbus.discovery.facts.bans import Ban
from peerbus.discovery.facts.connection_view import Direction
from peerbus.discovery.mind.peer_view import picture_of, view_of
from peerbus.discovery.peer.lifecycle import PeerState


def test_a_peer_is_shown_with_its_addresses_and_why_it_ranks_so() -> None:
    state = mind()
    view = view_of(known(state, ONE, 1, 2, roles=("archive",)), 0.0)
    assert (view.node_id, view.state, view.up, view.roles) == (ONE, PeerState.IDLE, False, ("archive",))
    assert {address.endpoint for address in view.addresses} == {place(1), place(2)}
    assert {address.sources for address in view.addresses} == {("mdns",)}
    assert (view.direction, view.up_since, view.last_connected) == (None, None, None)
    view = view_of(connected(state, ONE, 3.0), 4.0)
    assert (view.direction, view.connections, view.up_since) == (Direction.ACCEPTED, 1, 3.0)


def test_the_picture_counts_and_leaves_out_bans_that_have_ended() -> None:
    state = mind()
    connected(state, ONE)
    known(state, TWO, 2)
    state.bans.add(Ban("a" * 64, 5.0, "over"), 0.0)
    state.bans.add(Ban("b" * 64, float("inf"), "for ever"), 0.0)
    picture = picture_of(state, 6.0, dialing=2, refused={"full": 1}, failed={})
    assert (picture.connected, picture.ready, picture.outgoing, picture.dialing) == (1, 1, 0, 2)
    assert [(ban.target, ban.until) for ban in picture.bans] == [("b" * 64, None)]
    assert (len(picture.peers), picture.refused, picture.draining) == (2, {"full": 1}, False)
