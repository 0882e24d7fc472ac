"""What may carry the demonstration."""

from __future__ import annotations

from peerbus.operate.demo.carriers import CARRIERS, DEFAULT_CARRIER
from peerbus.transports.kinds import check_endpoint, read_endpoint


def test_nodes_of_the_demonstration_can_listen_wherever_a_flag_sends_them() -> None:
    assert DEFAULT_CARRIER in CARRIERS
    for carrier in CARRIERS.values():
        endpoint = read_endpoint(carrier.endpoint("demo-01", "127.0.0.1:4567"))
        check_endpoint(endpoint, listens=True)
        assert endpoint.host == "127.0.0.1"
        assert (endpoint.port, endpoint.path) == ((4567, "/demo-01") if carrier.broker else (0, ""))
