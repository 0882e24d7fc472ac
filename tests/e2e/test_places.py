"""Nodes on hosts whose addresses come, change and go: what they tell follows, and others find them there."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from queue import Queue

import pytest
from hosts import Hosts, hosts_of

#: Seconds that anything may take until the test has failed.
PATIENCE = 30.0

#: What listens to multicast DNS and says what it hears, and a node that says who comes.
PROGRAM = """
import asyncio, sys, time
from peerbus.actors.router import LinkChanged
from peerbus.discovery import Mdns, PeerUp
from peerbus.discovery.records import read_record
from peerbus.node import Node

def found(candidate):
    print("found", *sorted(str(one.without_peer()) for one in candidate.endpoints), flush=True)

async def ear():
    mdns = Mdns("f" * 64, "places", endpoints=lambda _: (), roles=(), on_found=found,
                on_lost=lambda _: print("lost", flush=True))
    await mdns.start()
    print("ready", flush=True)
    await asyncio.Event().wait()

async def node(name, *said):
    peers = [text.removeprefix("to ") for text in said if text.startswith("to ")]
    advertise = [text.removeprefix("at ") for text in said if text.startswith("at ")]
    listen = [text for text in said if text.startswith(("tcp:", "unix:"))]
    async with Node(name, network="places", listen=listen, peers=peers, mdns=not peers, advertise=advertise or (),
                    heartbeat=0.3) as node:
        with node.subscribe(PeerUp, LinkChanged) as events:
            print("ready", flush=True)
            async for event in events:
                if isinstance(event, PeerUp):
                    print("up", flush=True)
                else:
                    record = read_record(event.link.record, network="places", now=time.time())
                    print("record", *map(str, record.endpoints), flush=True)

loops, what, *arguments = sys.argv[1:]
factory = None
if loops == "uvloop":
    import uvloop
    factory = uvloop.new_event_loop
with asyncio.Runner(loop_factory=factory) as runner:
    runner.run({"ear": ear, "node": node}[what](*arguments))
"""


class Said:
    """What a program says, line by line."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self._stdout: Iterator[str] = process.stdout
        self._lines: Queue[str] = Queue()
        self._all: list[str] = []
        self._thread = threading.Thread(target=self._pump)
        self._thread.start()

    def hear(self, wanted: str, *, exactly: bool = True) -> str:
        """Wait for that very line, or for one that begins so; the test fails with all that was said."""
        while True:
            try:
                line = self._lines.get(timeout=PATIENCE)
            except Exception as error:
                raise AssertionError(f"no {wanted!r} in {self._all}") from error
            self._all.append(line)
            if line == wanted or (line.startswith(wanted) and not exactly):
                return line

    def end(self) -> None:
        """Its process has ended."""
        self._thread.join()

    def _pump(self) -> None:
        for line in self._stdout:
            self._lines.put(line.rstrip("\n"))


@contextmanager
def running(hosts: Hosts, number: int, what: str, *arguments: str, loop: str = "asyncio") -> Iterator[Said]:
    """A program on a host, until the end of the block."""
    process = hosts.start(number, (sys.executable, "-P", "-c", PROGRAM, loop, what, *arguments))
    assert process.stdout is not None
    with process.stdout:
        said = Said(process)
        try:
            said.hear("ready")
            yield said
        finally:
            process.kill()
            process.wait()
            said.end()


@pytest.mark.timeout(150)
def test_what_multicast_dns_tells_follows_the_addresses_of_the_machine() -> None:
    with hosts_of(2) as hosts, ExitStack() as programs:
        hosts.ip(2, "addr", "flush", "dev", "eth0")  # as before DHCP has answered
        hosts.ip(2, "route", "flush", "dev", "eth0")
        ear = programs.enter_context(running(hosts, 1, "ear"))
        programs.enter_context(running(hosts, 2, "node", "two", "tcp://0.0.0.0:7400", "tcp://127.0.0.1:7500"))
        hosts.ip(2, "addr", "add", "10.99.0.2/24", "dev", "eth0")
        ear.hear("found tcp://10.99.0.2:7400")
        hosts.ip(2, "addr", "del", "10.99.0.2/24", "dev", "eth0")
        hosts.ip(2, "addr", "add", "10.99.0.22/24", "dev", "eth0")
        ear.hear("found tcp://10.99.0.22:7400")
        # Another adapter, and the first one is pulled.
        hosts.ip(2, "link", "set", "eth0", "down")
        hosts.ip(2, "link", "set", "eth0", "up")
        hosts.ip(2, "addr", "add", "10.99.0.3/24", "dev", "eth0")
        ear.hear("found tcp://10.99.0.22:7400 tcp://10.99.0.3:7400")


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@pytest.mark.timeout(120)
def test_hosts_that_have_link_local_addresses_only_meet(loop: str) -> None:
    if loop == "uvloop":
        pytest.importorskip("uvloop")
    with hosts_of(2) as hosts, ExitStack() as programs:
        for number in hosts.numbers:
            hosts.ip(number, "-4", "addr", "flush", "dev", "eth0")
        said = [
            programs.enter_context(running(hosts, number, "node", f"n{number}", "tcp://[::]:7400", loop=loop))
            for number in hosts.numbers
        ]
        for one in said:
            one.hear("up")


@pytest.mark.timeout(120)
def test_connected_peers_have_the_new_record_of_a_machine_that_got_another_address() -> None:
    with hosts_of(2) as hosts, ExitStack() as programs:
        one = programs.enter_context(running(hosts, 1, "node", "one", "tcp://10.99.0.1:7400"))
        programs.enter_context(running(hosts, 2, "node", "two", "tcp://0.0.0.0:7400", "to tcp://10.99.0.1:7400"))
        one.hear("up")
        hosts.ip(2, "addr", "add", "10.99.0.22/24", "dev", "eth0")
        one.hear("record tcp://10.99.0.2:7400 tcp://10.99.0.22:7400")


@pytest.mark.timeout(120)
def test_what_is_advertised_goes_out_by_multicast_dns_and_in_the_record_alike() -> None:
    with hosts_of(2) as hosts, ExitStack() as programs:
        ear = programs.enter_context(running(hosts, 1, "ear"))
        programs.enter_context(running(hosts, 2, "node", "two", "tcp://0.0.0.0:7400", "at tcp://two.example:443"))
        ear.hear("found tcp://two.example:443")


@pytest.mark.timeout(120)
def test_a_host_with_ipv6_alone_is_told_of_and_found_there() -> None:
    with hosts_of(2) as hosts, ExitStack() as programs:
        for number in hosts.numbers:
            hosts.ip(number, "-4", "addr", "flush", "dev", "eth0")
            hosts.ip(number, "addr", "add", f"fd00:99::{number}/64", "dev", "eth0", "nodad")
        ear = programs.enter_context(running(hosts, 1, "ear"))
        programs.enter_context(running(hosts, 2, "node", "two", "tcp://[::]:7400"))
        # With the link-local one, which has the zone of the machine that hears.
        while "tcp://[fd00:99::2]:7400" not in (line := ear.hear("found ", exactly=False)):
            assert "0.0.0.0" not in line  # noqa: S104  # looked for, not bound


@pytest.mark.timeout(120)
def test_many_bridges_of_containers_do_not_push_the_lan_out_of_what_is_told() -> None:
    with hosts_of(2) as hosts, ExitStack() as programs:
        bridges = ["docker0", *(f"br-{number:012x}" for number in range(9))]
        for number, bridge in enumerate(bridges):
            container = f"c{number}"
            hosts.ip(2, "link", "add", bridge, "type", "veth", "peer", "name", container)
            hosts.ip(2, "addr", "add", f"172.{17 + number}.0.1/16", "dev", bridge)
            for end in (bridge, container):
                hosts.ip(2, "link", "set", end, "up")
        one = programs.enter_context(running(hosts, 1, "node", "one", "tcp://10.99.0.1:7400"))
        programs.enter_context(running(hosts, 2, "node", "two", "tcp://0.0.0.0:7400", "to tcp://10.99.0.1:7400"))
        one.hear("up")
        hosts.ip(2, "addr", "add", "10.99.0.22/24", "dev", "eth0")
        told = one.hear("record tcp://10.99.0.2:7400 tcp://10.99.0.22:7400 tcp://172.", exactly=False)
        assert len(told.split()) == 1 + 8
