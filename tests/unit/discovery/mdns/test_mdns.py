"""What of mDNS needs no network; the rest is in the end-to-end tests."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from peerbus.discovery.facts.events import Candidate
from peerbus.discovery.mdns.heard_from import MAX_TRACKED
from peerbus.discovery.mdns.mdns import MAX_LOOKUPS, Mdns, MdnsStatistics
from peerbus.discovery.mdns.other_networks import MAX_OTHERS
from peerbus.discovery.mdns.service_record import instance_name, text_of
from peerbus.transports.streams.endpoint import Endpoint

NODE = "a" * 64


def ignore(_: Candidate | str) -> None:
    """Hear nothing."""


def mdns(node_id: str = NODE, network: str = "test", role: str = "archive") -> Mdns:
    here = [Endpoint("tcp", host="127.0.0.1", port=7400)]
    return Mdns(
        node_id,
        network,
        endpoints=lambda _: here,
        roles=[role],
        on_found=ignore,
        on_lost=ignore,
        interfaces=["127.0.0.1"],
    )


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


class Resolved:
    """A service as zeroconf gives it."""

    def __init__(self, node_id: str, network: str) -> None:
        self.port = 7400
        text = text_of(node_id, network, ["archive"])
        self.properties = {key.encode(): value.encode() for key, value in text.items()}
        self.text = b"".join(self.properties.values())

    def parsed_scoped_addresses(self) -> list[str]:
        return ["192.168.1.9"]


def test_each_other_network_is_named_once_and_no_more_than_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[dict[str, object]] = []

    class Log:
        def warning(self, event: str, **fields: object) -> None:
            lines.append({"event": event, **fields})

    monkeypatch.setattr("peerbus.discovery.mdns.other_networks.log", Log())
    ours = mdns(network="mine")
    ids = [f"{number:064x}" for number in range(1, 200)]
    for number, node_id in enumerate(ids):
        name = instance_name(node_id)
        ours._track(name)
        network = "mine" if number < 3 else f"other-{number // 2}" if number > 4 else "bad\n\x1b[31m"
        ours._resolved(name, Resolved(node_id, network))  # type: ignore[arg-type]  # what it needs of a service
    assert len(lines) == MAX_OTHERS == len(ours.statistics().networks)
    assert lines[0] == {
        "event": "another network on mdns, its nodes are no peers of this one",
        "node": NODE,
        "network": "mine",
        "heard": "bad\\n\\x1b[31m",
    }
    assert ["hint" in line for line in lines] == [False] * (MAX_OTHERS - 1) + [True]
    assert ours.statistics().found == 3


async def test_names_that_come_and_go_wait_for_no_look_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """While some look-ups wait for their time limit, whoever is on the link could make as many wait as it liked."""
    browser: Any = mdns()
    ends = asyncio.Event()

    async def look_up(name: str) -> None:
        await ends.wait()

    monkeypatch.setattr(browser, "_cached", lambda *_: False)
    monkeypatch.setattr(browser, "_look_up", look_up)
    added, removed = SimpleNamespace(name="Added"), SimpleNamespace(name="Removed")
    names = [instance_name(f"{number:064x}"[::-1]) for number in range(3 * MAX_TRACKED)]
    for name in names[:MAX_LOOKUPS]:
        browser._changed(None, "", name, added)
    for name in names[MAX_LOOKUPS:]:
        browser._changed(None, "", name, added)
        browser._changed(None, "", name, removed)
    assert len(browser._waiting) == 0
    for name in names[MAX_LOOKUPS:]:
        browser._changed(None, "", name, added)
    assert len(browser._waiting) <= MAX_TRACKED
    ends.set()
    await asyncio.gather(*browser._lookups.values())
