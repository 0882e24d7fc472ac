"""Where a name leads that others told of is judged when it has been looked up."""

from __future__ import annotations

import pytest

from peerbus.discovery.records.interfaces import LocalAddress
from peerbus.discovery.records.leading import may_lead_to
from peerbus.transports.streams.endpoint import Endpoint
from peerbus.transports.streams.scope import Scope

HERE = [LocalAddress("10.0.0.7", 24, "eth0"), LocalAddress("127.0.0.1", 8, "lo")]


@pytest.mark.parametrize(
    ("way", "host", "may"),
    [
        (Scope.WORLD, "93.184.216.34", True),
        (Scope.WORLD, "10.0.0.1", False),
        (Scope.WORLD, "127.0.0.1", False),
        (Scope.NETWORK, "10.0.0.1", True),
        (Scope.NETWORK, "127.0.0.1", False),
        (Scope.NETWORK, "::ffff:127.0.0.1", False),
        (Scope.NETWORK, "169.254.169.254", False),
        (Scope.LINK, "169.254.169.254", False),
        (Scope.MACHINE, "127.0.0.1", True),
        (Scope.MACHINE, "169.254.169.254", False),
        (Scope.MACHINE, "224.0.0.251", False),
    ],
)
def test_no_name_leads_nearer_than_its_teller_was_met(way: Scope, host: str, may: bool) -> None:
    assert may_lead_to(Endpoint("tcp", host=host, port=80), way, HERE) is may


def test_a_machine_on_such_a_link_dials_what_is_local_to_it() -> None:
    here = [*HERE, LocalAddress("169.254.3.4", 16, "eth1")]
    place = Endpoint("tcp", host="169.254.1.1", port=80)
    assert may_lead_to(place, Scope.LINK, here)
    assert not may_lead_to(place, Scope.NETWORK, here)


def test_a_path_of_this_machine_is_nobodys_to_tell() -> None:
    assert not may_lead_to(Endpoint("unix", path="/run/docker.sock"), Scope.MACHINE, HERE)
