"""What is proven of a peer, by what it was let in."""

from __future__ import annotations

from peerbus.transports.admission import Credentials
from peerbus.transports.rules import Subject

ANN = "a" * 64


def test_an_id_counts_where_it_is_proven() -> None:
    assert Subject.of(Credentials(node_id=ANN, proven=True)) == Subject(ANN)
    assert Subject.of(Credentials(node_id=ANN, proven=False)) == Subject.of(None) == Subject(None)
