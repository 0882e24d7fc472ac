"""What may carry the demonstration."""

from __future__ import annotations

from peerbus.operate.demo.carriers import CARRIERS, DEFAULT_CARRIER
from peerbus.transports.kinds import check_endpoint, read_endpoint


def test_nodes_of_the_demonstration_can_listen_wherever_a_flag_sends_them() -> None:
    assert DEFAULT_CARRIER in CARRIERS
    for text in CARRIERS.values():
        endpoint = read_endpoint(text)
        check_endpoint(endpoint, listens=True)
        assert endpoint.host == "127.0.0.1"
        assert endpoint.port == 0
