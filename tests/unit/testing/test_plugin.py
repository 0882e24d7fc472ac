"""The pytest plugin, as a user's project sees it: with pytest-asyncio in each mode, with anyio, and with neither."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import entry_points
from importlib.util import find_spec

import pytest

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.timeout(300)  # processes of pytest, on a machine that may be busy

#: A checkout that is not installed has no entry points.
LOAD = [] if entry_points(group="pytest11", name="peerbus") else ["-p", "peerbus.testing.plugin"]

ACTORS = """
from dataclasses import dataclass
from peerbus.actors import LOCAL, Bus, Channel, Reactor, Role, handles

@dataclass(frozen=True)
class Get:
    height: int

@dataclass(frozen=True)
class GetBlock:
    height: int

@dataclass(frozen=True)
class Block:
    height: int

class Blocks(Reactor):
    channel = Channel("blocks", messages=(GetBlock, Block))

    @handles(GetBlock)
    def get(self, wanted: GetBlock) -> Block:
        return Block(wanted.height)

class Cache(Reactor):
    channel = Channel("cache", messages=(Get, Block))

    @handles(Get)
    async def get(self, wanted: Get) -> object:
        return await self.ask(Role("archive") / "blocks", GetBlock(wanted.height))
"""

Run = Callable[..., pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester) -> Run:
    """Run a user's tests in a process of their own."""
    pytester.makepyfile(actors=ACTORS)
    pytester.makepyprojecttoml("[tool.pytest.ini_options]\nfilterwarnings = ['error']\n")

    def run(source: str, *arguments: str) -> pytest.RunResult:
        pytester.makepyfile(test_theirs="import pytest\nfrom actors import *\n" + source)
        scope = [] if "no:asyncio" in arguments else ["-o", "asyncio_default_fixture_loop_scope=function"]
        done = pytester.runpytest_subprocess(*LOAD, "-p", "no:cacheprovider", *scope, *arguments, timeout=120)
        assert "INTERNALERROR" not in done.stdout.str()
        return done

    return run


EVERYWHERE = """
import asyncio

async def test_virtual_time(sim):
    await asyncio.sleep(86_400)
    assert sim.time >= 86_400
    assert asyncio.get_running_loop() is sim.loop

async def test_nodes_of_a_simulation(node, sim, network):
    alice = await node("alice", offers={"archive"}, reactors=[Blocks])
    bob = await node("bob", channels=[Blocks.channel])
    await sim.until(lambda: bob.peers, within=10)
    assert await bob.ask(Role("archive") / "blocks", GetBlock(7)) == Block(7)
    assert network is sim.network

async def test_nodes_in_real_time(node, no_leaks):
    alice = await node("alice", offers={"archive"}, reactors=[Blocks])
    bob = await node("bob", reactors=[Cache], channels=[Blocks.channel])
    assert await bob.ask(LOCAL / "cache", Get(7)) == Block(7)

async def test_a_probe(probe, no_leaks):
    blocks = await probe(Blocks)
    await blocks.bus.tell(LOCAL / "blocks", GetBlock(7))
    assert await blocks.expect(GetBlock) == GetBlock(7)

class TestInAClass:
    async def test_a_peer_probe_on_a_node(self, node, probe):
        alice = await node("alice", reactors=[Cache])
        peer = await probe.peer(roles={"archive"}, reactors=[Blocks], on=alice)
        peer.answer(GetBlock, Block(7))
        assert await alice.ask(LOCAL / "cache", Get(7)) == Block(7)

    async def test_a_probe_in_a_simulation(self, sim, probe):
        cache = await probe.alone(Cache)
        asked = cache.ask(Get(7))
        await cache.settle()
        await cache.reply(Block(7))
        assert await asked == Block(7)
        await (await probe("nobody")).expect_nothing(for_=3600)

def test_a_simulation_in_plain_code(sim):
    async def scenario():
        await sim.run_for(5)
        return sim.time
    assert sim.run(scenario()) == 5

def test_a_simulation_that_never_ran(sim): ...
"""


@pytest.mark.parametrize("mode", ["auto", "strict", None])
def test_the_fixtures_work_whoever_runs_async_tests(run: Run, mode: str | None) -> None:
    others = ["-p", "no:asyncio"] if mode is None else [f"--asyncio-mode={mode}"]
    run(EVERYWHERE, *others).assert_outcomes(passed=8)


def test_tests_that_are_marked_for_pytest_asyncio_are_no_trouble(run: Run) -> None:
    marked = "pytestmark = pytest.mark.asyncio\n" + EVERYWHERE.partition("def test_a_simulation_in_plain")[0]
    run(marked, "--asyncio-mode=strict").assert_outcomes(passed=6)


@pytest.mark.skipif(find_spec("anyio") is None, reason="anyio is not installed")
def test_tests_that_are_marked_for_anyio_are_no_trouble(run: Run) -> None:
    backend = "@pytest.fixture\ndef anyio_backend(): return 'asyncio'\n"
    marked = backend + "pytestmark = pytest.mark.anyio\n" + EVERYWHERE.partition("def test_a_simulation_in_plain")[0]
    run(marked, "-p", "no:asyncio").assert_outcomes(passed=6)


SEEDS = """
import itertools
RUNS = itertools.count()

@pytest.fixture(scope="module")
def once(): return next(RUNS)

@pytest.fixture
def each(sim): return sim.seed

@pytest.mark.seeds(20)
async def test_unlucky(sim, each, once, node):
    assert each == sim.seed and once == 0
    await node("alice", reactors=[Blocks])
    await sim.run_for(1)
    assert sim.seed < 7, "seven"

@pytest.mark.seeds(5)
def test_lucky(peerbus_seed, once):
    assert once == 0
    print("with", peerbus_seed)

def test_after(once):
    assert once == 0
"""


def test_a_marked_test_runs_over_seeds_until_one_fails_and_says_how_to_replay_it(run: Run) -> None:
    done = run(SEEDS, "-rP")
    done.assert_outcomes(passed=2, failed=1)
    done.stdout.fnmatch_lines(
        [
            "*seven*",
            "*peerbus: how to replay*",
            "seed 7 is the first of 20 that fails",
            "pytest test_theirs.py::test_unlucky --peerbus-seed=7",
        ]
    )
    assert re.findall(r"^with \d+$", done.stdout.str(), re.MULTILINE) == ["with 4"]  # of the last run only
    replayed = run(SEEDS, "test_theirs.py::test_unlucky", "--peerbus-seed=7")
    replayed.assert_outcomes(failed=1)
    assert "is the first of" not in replayed.stdout.str()
    run(SEEDS, "test_theirs.py::test_unlucky", "--peerbus-seed=6").assert_outcomes(passed=1)
    run(SEEDS, "--peerbus-seeds=7").assert_outcomes(passed=3)


def test_a_longer_run_shows_how_far_it_is_takes_any_range_and_ends_in_time(run: Run) -> None:
    done = run(SEEDS, "-k", "lucky", "--peerbus-seeds=5-6")
    done.assert_outcomes(passed=2, deselected=1)
    done.stdout.fnmatch_lines(["*test_unlucky: 2 of 2 seeds, * s", "*test_lucky: 2 of 2 seeds, * s"])
    done = run(SEEDS, "--peerbus-seeds=5-7")
    done.assert_outcomes(passed=2, failed=1)
    done.stdout.fnmatch_lines(["*test_unlucky: 2 of 3 seeds, * s, then seed 7 fails"])
    done = run(SEEDS, "-k", "test_lucky", "--peerbus-seeds=100000", "--peerbus-seconds=0")
    done.assert_outcomes(passed=1, deselected=2)
    done.stdout.fnmatch_lines(["*test_lucky: 1 of 100000 seeds, * s, the time is up"])
    for wrong in ("none", "0", "7-5"):
        done = run(SEEDS, f"--peerbus-seeds={wrong}")
        assert f"'{wrong}' is no seed at all; write a number of seeds, 5000, or 5000-9999" in done.stderr.str()
    assert "'nan' is out of range; write seconds, 0 or more" in run(SEEDS, "--peerbus-seconds=nan").stderr.str()


def test_a_timeout_counts_for_each_seed_and_still_ends_one_that_hangs(run: Run) -> None:
    source = """
import time

@pytest.mark.seeds(4)
@pytest.mark.timeout(1.5)
def test_slow(peerbus_seed):
    time.sleep(0.6)

@pytest.mark.seeds(2)
@pytest.mark.timeout(1)
def test_hangs(peerbus_seed):
    time.sleep(30 * peerbus_seed)
"""
    done = run(source)
    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(["*Timeout*", "seed 1 is the first of 2 that fails"])


def test_a_failure_shows_what_happened_last_on_each_node(run: Run) -> None:
    done = run(
        """
async def test_real(node):
    await node("alice")
    await node("bob")
    assert False

async def test_virtual(node, sim):
    await node("alice")
    await node("bob")
    await sim.run_for(5)
    assert False
""",
        "--asyncio-mode=auto",
    )
    done.assert_outcomes(failed=2)
    real, virtual = re.split(r"_+ test_virtual _+", done.stdout.str())
    assert re.search(r"^ +\d+\.\d{4}  alice  PeerUp\(", real, re.MULTILINE)
    assert re.search(r"^ +\d+\.\d{4}  bob    PeerUp\(", real, re.MULTILINE)
    assert re.search(r"^E +\d+\.\d+  alice .*", virtual, re.MULTILINE)
    assert "--peerbus-seed=0" in virtual
    told = virtual.partition("short test summary")[0]  # where CI is set, pytest has the whole error there again
    starts = [line for line in told.splitlines() if "starts as" in line]
    assert sorted(line.split()[-4] for line in starts) == ["alice", "bob"], "once each, and not in a section again"


def test_what_is_left_behind_fails_a_test_that_asks_for_it(run: Run) -> None:
    done = run(
        """
import asyncio, socket, threading
KEPT = []

async def test_task(no_leaks):
    KEPT.append(asyncio.create_task(asyncio.sleep(60), name="forgotten"))

def test_thread(no_leaks):
    threading.Thread(target=threading.Event().wait, daemon=True, name="endless").start()

def test_socket(no_leaks):
    KEPT.append(socket.socket())

def test_not_asked():
    KEPT.append(socket.socket())

@pytest.mark.usefixtures("no_leaks")
async def test_nothing():
    await asyncio.sleep(0)

def test_end(): KEPT[-1].close(); KEPT[-2].close()
""",
        "-p",
        "no:asyncio",
    )
    done.assert_outcomes(passed=6, errors=3)
    done.stdout.fnmatch_lines(["*left behind: task forgotten*", "*thread endless*", "*left behind: file*socket*"])


def test_a_test_without_a_loop_cannot_have_nodes(run: Run) -> None:
    done = run("def test_it(node): ...")
    done.assert_outcomes(errors=1)
    assert "write `async def` for this test" in done.stdout.str()


def test_loading_it_loads_nothing_of_the_bus() -> None:
    code = (
        "import sys, pytest; before = set(sys.modules); import peerbus.testing.plugin; "
        "print(sorted(name for name in set(sys.modules) - before if not name.startswith('peerbus.native')))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == str(
        ["peerbus", "peerbus.testing", "peerbus.testing.misuse", "peerbus.testing.plugin"]
    )


def test_seeds_and_leaks_load_nothing_of_the_bus() -> None:
    code = (
        "import sys, peerbus.testing.seed_progress, peerbus.testing.leaks; "
        "own = (name for name in sys.modules if name.startswith('peerbus')); "
        "print(sorted(name for name in own if not name.startswith('peerbus.native')))"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], check=True, capture_output=True, text=True)
    loaded = ["peerbus", "peerbus.testing", "peerbus.testing.leaks", "peerbus.testing.seed_progress"]
    assert done.stdout.strip() == str(loaded)


@pytest.mark.parametrize("order", ["sim, no_leaks", "no_leaks, sim"])
def test_nodes_of_a_simulation_are_no_leak(run: Run, order: str) -> None:
    source = f"""
import asyncio
KEPT = []

async def test_a_node({order}):
    await sim.node("a")

async def test_a_task({order}):
    KEPT.append(asyncio.create_task(asyncio.sleep(60), name="forgotten"))
"""
    done = run(source, "--asyncio-mode=auto")
    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(["*LeftBehind: *forgotten in*"])
