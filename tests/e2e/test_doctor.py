"""`peerbus doctor` on real trouble: a clock that is wrong, interfaces of which one leads nowhere, a narrow path."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hosts import hosts_of
from services import PATIENCE, Service

from benchmarks.wan.hosts import Hosts as WanHosts
from benchmarks.wan.hosts import NoHosts
from benchmarks.wan.hosts import hosts as wan_hosts
from peerbus.discovery import PeerUp
from peerbus.node import Node
from peerbus.transports import Identity

PEERBUS = (sys.executable, "-P", "-m", "peerbus")
DOCTOR = (*PEERBUS, "doctor")
#: What stands before the clock of the system: the time of day is off by that many seconds, and nothing else.
CLOCK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static long off(void) { const char *said = getenv("CLOCK_OFF"); return said ? atol(said) : 0; }

int clock_gettime(clockid_t id, struct timespec *at) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int failed = real(id, at);
    if (!failed && id == CLOCK_REALTIME) at->tv_sec += off();
    return failed;
}

int gettimeofday(struct timeval *at, void *zone) {
    struct timespec now;
    (void)zone;
    int failed = clock_gettime(CLOCK_REALTIME, &now);
    if (!failed) { at->tv_sec = now.tv_sec; at->tv_usec = now.tv_nsec / 1000; }
    return failed;
}

time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}
"""
LARGE = """
from dataclasses import dataclass
from peerbus.actors import Channel, Message, Reactor, Request, Role, SendError, handles

@dataclass(frozen=True)
class Size:
    bytes: int

class Blob(Message, Request[Size]):
    body: bytes

@dataclass(frozen=True)
class Again: pass

class Store(Reactor):
    channel = Channel("store", messages=(Blob,))

    @handles(Blob)
    def store(self, blob: Blob) -> Size:
        return Size(len(blob.body))

class Sender(Reactor):
    channel = Channel("sender", messages=(Again,))

    def on_start(self) -> None:
        self.every(0.2, Again())

    @handles(Again)
    async def again(self, _: Again) -> None:
        try:
            print("answered", await self.ask(Role("store") / "store", Blob(bytes(100_000)), timeout=60), flush=True)
        except SendError:
            pass
"""


def doctor(config: Path, before: Sequence[str] = (), listen: float = 0.1) -> dict[str, dict[str, Any]]:
    """What it says, by what it is about; of dials in vain, by their reason too."""
    words = (*before, *DOCTOR, str(config), "--json", "--listen", str(listen))
    said = subprocess.run(words, check=False, capture_output=True, text=True, timeout=PATIENCE)
    assert said.returncode in (0, 1), said.stderr
    found: dict[str, Any] = json.loads(said.stdout)
    return {
        f"{each['about']}: {each['text'].partition(':')[0]}"
        if each["about"] == "dials in vain"
        else each["about"]: each
        for each in found["diagnoses"]
    }


def written(folder: Path, name: str, text: str) -> Path:
    """A configuration with a key and an admin API of its own."""
    Identity.generate().save(folder / f"{name}.pem")
    path = folder / f"{name}.toml"
    path.write_text(
        f'name = "{name}"\nnetwork = "doctor"\nidentity = "{name}.pem"\n{text}\n[admin]\nat = "{name}.sock"\n'
    )
    return path


@contextmanager
def running(config: Path, before: Sequence[str] = (), **variables: str) -> Iterator[Service]:
    """A node from a configuration."""
    service = Service((*before, *PEERBUS, "run", str(config), "--json-logs"), variables, config.parent)
    try:
        yield service
    finally:
        service.close()


@pytest.fixture
def clock(tmp_path: Path) -> Path:
    """A library that makes the clock of a process wrong by CLOCK_OFF."""
    compiler = shutil.which("cc")
    if compiler is None or sys.platform != "linux":
        pytest.skip("a wrong clock needs Linux and a C compiler, cc (apt install gcc)")
    (tmp_path / "clock.c").write_text(CLOCK)
    made = tmp_path / "clock.so"
    words = (compiler, "-shared", "-fPIC", "-o", str(made), str(tmp_path / "clock.c"), "-ldl")
    if subprocess.run(words, check=False, capture_output=True, timeout=PATIENCE).returncode:
        pytest.skip("cc makes no library here (apt install libc6-dev)")
    return made


@pytest.mark.parametrize(("off", "said"), [(-10_800, "behind"), (10_800, "ahead of")])
async def test_a_node_whose_clock_is_wrong_is_told_so_by_its_peers(
    tmp_path: Path, clock: Path, off: int, said: str
) -> None:
    async with AsyncExitStack() as stack:
        peers = [Node(name, network="doctor", listen=["tcp://127.0.0.1:0"]) for name in ("bob", "carol", "dave")]
        for peer in peers:
            await stack.enter_async_context(peer)
        ups = [stack.enter_context(peer.subscribe(PeerUp)) for peer in peers]
        named = ", ".join(f'"{peer.endpoints[0]}"' for peer in peers)
        config = written(tmp_path, "alice", f"discovery = {{ mdns = false }}\npeers = {{ persistent = [{named}] }}")
        variables = {"LD_PRELOAD": str(clock), "CLOCK_OFF": str(off)}
        with running(config, **variables):
            async with asyncio.timeout(PATIENCE):
                for met in ups:
                    await met.get()
            found = await asyncio.to_thread(doctor, config)
            while "with 3 peers" not in found["node"]["text"]:
                found = await asyncio.to_thread(doctor, config)
    assert found["clock"]["verdict"] == "failed"
    assert found["clock"]["text"].startswith(f"3 h {said} its peers'")
    assert found["clock"]["advice"].startswith("this machine's clock is wrong")


def test_each_interface_is_listened_at_for_itself(tmp_path: Path) -> None:
    with hosts_of(2) as hosts, ExitStack() as stack:
        on = [("ip", "netns", "exec", hosts.name(number)) for number in (1, 2)]
        for words in (
            ("link", "add", "dead0", "type", "veth", "peer", "name", "dead1"),
            ("link", "set", "dead0", "up"),
            ("link", "set", "dead1", "up"),
            ("addr", "add", "10.98.0.1/24", "dev", "dead0"),
        ):
            hosts.ip(2, *words)
        stack.enter_context(running(written(tmp_path, "bob", 'listen = ["tcp://0.0.0.0:0"]'), on[0])).logged("node up")
        alice = written(tmp_path, "alice", 'listen = ["tcp://10.99.0.2:7400", "tcp://10.99.0.1:7400"]')
        while "1 of network" not in (found := doctor(alice, on[1], 1.5))["mdns eth0 10.99.0.2"]["text"]:
            pass  # an interface that is new is heard a moment later
        assert "mdns lo 127.0.0.1" not in found
        assert found["mdns dead0 10.98.0.1"]["text"] == "works, and nobody of network 'doctor' is heard"
        assert found["listen tcp://10.99.0.2:7400"]["verdict"] == "ok"
        assert found["listen tcp://10.99.0.1:7400"]["text"] == "10.99.0.1 is no address of this machine"
        hosts.ip(2, "link", "set", "eth0", "down")
        found = doctor(alice, on[1])
        assert "mdns eth0 10.99.0.2" not in found
        assert found["mdns dead0 10.98.0.1"]["verdict"] == "warning"


@pytest.fixture
def net() -> Iterator[WanHosts]:
    try:
        with wan_hosts() as found:
            yield found
    except NoHosts as error:
        pytest.skip(str(error))


@contextmanager
def asking_for_large_answers(net: WanHosts, folder: Path, offers: int = 0) -> Iterator[tuple[Path, Service, Service]]:
    """A node on host 1 that sends something large to one on host 2, again and again. Each offers that many roles."""
    (folder / "large.py").write_text(LARGE)
    quiet, place = "discovery = { mdns = false }\n", f"tcp://{net.address(2)}:7400"
    more = [f"role-{number:0>20}" for number in range(offers)]
    listen = f'listen = ["{place}"]\nreactors = ["large:Store"]\noffers = {json.dumps(["store", *more])}\n'
    listen += "peers = { heartbeat = 0.5 }"
    store = written(folder, "bob", f"{quiet}{listen}")
    named = f'peers = {{ persistent = ["{place}"], heartbeat = 0.5 }}'
    roads = f'reactors = ["large:Sender"]\nchannels = ["large:Store"]\noffers = {json.dumps(more)}\n'
    sender = written(folder, "alice", f"{quiet}{roads}{named}")
    with running(store, net.on(2, "env")) as bob:
        bob.logged("node up")
        with running(sender, net.on(1, "env")) as alice:
            yield sender, alice, bob


@pytest.mark.timeout(120)
def test_a_path_that_drops_large_packets_is_named(net: WanHosts, tmp_path: Path) -> None:
    with asking_for_large_answers(net, tmp_path) as (config, alice, _):
        alice.logged("connected")
        net.both_ways(mtu=1300)  # from now on, as if the route had changed
        alice.logged("connection ended", lambda line: "tcp_mtu_probing" in line["text"])
        alice.logged("connected", lambda _: [line["event"] for line in alice.lines].count("connected") > 1)
        found = doctor(config, net.on(1, "env"))
    assert found["narrow path"]["verdict"] == "warning"
    assert "tcp_mtu_probing" in found["narrow path"]["advice"]
    assert f" at tcp://{net.address(2)}:7400: small" in found["narrow path"]["text"]


@pytest.mark.timeout(120)
def test_nodes_meet_over_a_path_that_drops_large_packets_of_the_handshake(net: WanHosts, tmp_path: Path) -> None:
    net.both_ways(mtu=1300)
    with asking_for_large_answers(net, tmp_path, offers=30) as (config, alice, bob):
        # No HELLO fits in one packet of this path. Both sides know why.
        alice.logged("dial failed", lambda line: line["reason"] == "narrow")
        alice.logged("connected")
        bob.logged("connection refused", lambda line: line["reason"] == "narrow")
        found = doctor(config, net.on(1, "env"))
    assert "tcp_mtu_probing" in found["dials in vain: narrow"]["advice"]


def test_without_a_configuration_the_machine_is_looked_at(tmp_path: Path) -> None:
    with hosts_of(1) as hosts:
        words = ("ip", "netns", "exec", hosts.name(1), *DOCTOR, "--listen", "0.3")
        variables = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}
        said = subprocess.run(
            words, check=False, capture_output=True, text=True, timeout=PATIENCE, cwd=tmp_path, env=variables
        )
    assert (said.returncode, said.stderr) == (0, "")
    assert "ok       mdns eth0 10.99.0.1: works, and no node is heard" in said.stdout
    assert "descriptors: " in said.stdout
