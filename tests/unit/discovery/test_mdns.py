"""What of mDNS needs no network; the rest is in the end-to-end tests."""

from __future__ import annotations

import subprocess
import sys

import pytest

from peerbus.discovery.events import Candidate
from peerbus.discovery.mdns import Mdns, MdnsStatistics

NODE = "a" * 64


def ignore(_: Candidate | str) -> None:
    """Hear nothing."""


def mdns(node_id: str = NODE, network: str = "test", port: int = 7400, role: str = "archive") -> Mdns:
    return Mdns(node_id, network, port=port, roles=[role], on_found=ignore, on_lost=ignore, interfaces=["127.0.0.1"])


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_port_that_nobody_could_dial_is_refused(port: int) -> None:
    with pytest.raises(ValueError, match="port to advertise"):
        mdns(port=port)


def test_malformed_ids_networks_and_roles_are_refused_before_anything_starts() -> None:
    with pytest.raises(ValueError, match="node id"):
        mdns(node_id="A" * 64)
    with pytest.raises(ValueError, match="network name"):
        mdns(network="")
    with pytest.raises(ValueError, match="role name"):
        mdns(role="Not A Role")


async def test_closing_what_was_never_started_is_nothing() -> None:
    never = mdns()
    await never.update(["index"])
    await never.aclose()
    await never.aclose()
    assert never.statistics() == MdnsStatistics(0, 0, {})


async def test_it_is_started_once() -> None:
    once = mdns()
    assert await once.start()
    with pytest.raises(RuntimeError, match="started once"):
        await once.start()
    await once.aclose()
    with pytest.raises(RuntimeError, match="started once"):
        await once.start()


def test_zeroconf_is_not_imported_before_it_is_needed() -> None:
    code = "import sys, peerbus.discovery.mdns; sys.exit('zeroconf' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
