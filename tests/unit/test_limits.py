"""docs/limits.md has every limit on what others may make a node do, as the code has it."""

from __future__ import annotations

from limits import LIMITS, PAGE, current_page, public_limits

#: Constants that look like limits of that kind, and are none: what this node does by itself and to itself, what is
#: said by one of them that is listed, and numbers that a format ends at.
OF_ITS_OWN = {
    "discovery": "book.sqlite_book.MAX_DAMAGE book.sqlite_book.MAX_MOVED facts.scores.MAX_SCORE "
    "mdns.heard_from.MAX_NAMES mdns.mdns.LOOKUP_TIMEOUT mdns.service_record.MAX_NETWORK mdns.service_record.MAX_STRING "
    "mdns.service_record.MAX_TXT mdns.service_record.MAX_VIA mdns.service_record.MAX_VIAS mind.dial_list.FEWEST_OUT "
    "mind.peer_store.FEWEST_TOLD peer.known_peer.MAX_FAILURE_COST pex.record_store.FEWEST_TOLD "
    "records.own_record.MAX_ENDPOINTS_BYTES records.own_record.MAX_OFFERS records.own_record.MAX_OFFERS_BYTES "
    "records.record.MAX_SEQUENCE shell.address_watch.MOST_GAP shell.book_writer.BOOK_TIMEOUT "
    "shell.calendar_watch.FEWEST_CLOCKS shell.connections.MOST_NARROW shell.dialing.DIAL_TIMEOUT "
    "shell.finders.START_TIMEOUT "
    "shell.referrals.REFUSALS_AT_ONCE",
    "transports": "sending.inside_link.MOST_UNTOLD connection.liveness.MAX_PINGS lanes.request_ids.MAX_RID "
    "lanes.outbox.MAX_BUDGET schema.reading.MAX_STEPS "
    "lanes.window_tuning.MOST_BYTES lanes.window_tuning.MOST_MESSAGES libp2p.multiaddr.MAX_TEXT "
    "libp2p.peer_ids.MAX_TEXT libp2p.secure_channel.MAX_PLAIN libp2p.substream.MAX_DATA libp2p.varint.MAX_BYTES "
    "libp2p.yamux.MAX_GRANTED streams.key_file.MAX_KEY_FILE streams.startups.MOST_PENALTY "
    "streams.tcp_sockets.LOOK_UP_TIMEOUT streams.transport.FLUSH_TIMEOUT streams.transport.MAX_CHUNK "
    "streams.transport.MAX_PENDING_HANDSHAKES wire.hello.MESSAGE_LIMIT wire.inside_frames.MOST_SPANS "
    "wire.inside_frames.MOST_STRANGERS",
}


def test_the_page_has_the_limits_as_the_code_has_them() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == current_page(page), "run: make generate"


def test_every_limit_on_what_comes_from_outside_is_in_the_page() -> None:
    listed = {f"{limit.module}.{limit.name}" for limits in LIMITS.values() for limit in limits}
    found = public_limits(("transports", "discovery"))
    own = {f"{floor}.{name}" for floor, names in OF_ITS_OWN.items() for name in names.split()}
    assert sorted(found - listed - own) == [], "add a row to tests/limits.py, or say that it is none"
    assert sorted(own - found | own & listed) == []
