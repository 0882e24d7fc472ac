"""Who is there, for the rules of permission: as it was shown, or else as the stream or HELLO says."""

from __future__ import annotations

from authorities import issued, new_authority

from peerbus.discovery.shell.judged import Judged
from peerbus.transports.admission import Credentials
from peerbus.transports.streams.identity import Identity

ALICE = Identity.from_seed(b"a" * 32)


def test_what_was_shown_counts_above_what_is_said() -> None:
    judged = Judged()
    assert judged.subject(ALICE.node_id, False).node_id is None
    assert judged.subject(ALICE.node_id, True).node_id == ALICE.node_id
    certificate = issued(new_authority(), ALICE, roles=frozenset({"archive"}))
    judged.entered(Credentials(node_id=ALICE.node_id, proven=True, certificate=certificate))
    assert judged.subject("b" * 64, False).roles == {"archive"}
