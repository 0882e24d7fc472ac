"""A kind of transport makes the transport of a node, and says of an endpoint what can be seen at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from peerbus.transports.streams.endpoint import Endpoint
from peerbus.transports.streams.identity import Identity
from peerbus.transports.streams.memory import MemoryNetwork
from peerbus.transports.streams.schemes import Scheme
from peerbus.transports.streams.tcp import TCP
from peerbus.transports.streams.transport_kind import TransportKind, TransportOptions
from peerbus.transports.streams.unix import UNIX

OPTIONS = TransportOptions(identity=Identity.from_seed(b"a" * 32))


@pytest.mark.parametrize("kind", [TCP, UNIX])
def test_a_built_in_carrier_makes_the_transport_of_its_scheme(kind: TransportKind) -> None:
    assert kind.make(OPTIONS).schemes == (kind.scheme.name,)


def test_a_carrier_need_not_check_anything() -> None:
    made = MemoryNetwork().transport("a" * 64)
    kind = TransportKind(scheme=Scheme.over_ip("air"), make=lambda options: made)
    kind.check(Endpoint.parse("tcp://h:1"), True)
    assert kind.make(OPTIONS) is made


def test_what_is_no_place_for_a_socket_is_seen_before_one_is_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path, why in (
        ("/x/" + "a" * 120, "at most 107"),
        ("/no/such/folder/a.sock", "does not exist"),
        (str(tmp_path / "file"), "no socket"),
    ):
        with pytest.raises(ValueError, match=why):
            UNIX.check(Endpoint("unix", path=path), True)
    UNIX.check(Endpoint("unix", path="/no/such/folder/a.sock"), False)
    UNIX.check(Endpoint("unix", path=str(tmp_path / "a.sock")), True)
