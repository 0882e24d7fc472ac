"""What cannot work is refused by the plugin in one sentence, and what that says to write works."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points

import pytest

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.timeout(300)  # processes of pytest, on a machine that may be busy

#: A checkout that is not installed has no entry points.
LOAD = [] if entry_points(group="pytest11", name="peerbus") else ["-p", "peerbus.testing.plugin"]

ACTORS = """
from dataclasses import dataclass
from peerbus.actors import LOCAL, Bus, Channel, Reactor, Role, handles

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


GIVEN = """
import asyncio
from hypothesis import HealthCheck, given, settings, strategies
from peerbus.testing import Alone, Simulation

many = settings(suppress_health_check=list(HealthCheck), max_examples=2, database=None, deadline=None)

@many
@given(strategies.integers())
async def test_sleeps(sim, number):
    await asyncio.sleep(0.01)

@many
@given(strategies.integers())
async def test_probe(probe, number): ...

@many
@given(strategies.integers())
async def test_node(node, number): ...

@many
@given(strategies.integers(1, 100))
async def test_alone(number):
    async with Alone(Blocks) as blocks:
        assert await blocks.ask(GetBlock(number)) == Block(number)

@many
@given(strategies.integers(1, 100))
def test_simulated(seed):
    async def main():
        alice = await sim.node("alice", reactors=[Blocks])
        await sim.run_for(3600)
        return await alice.ask(LOCAL / "blocks", GetBlock(seed))

    sim = Simulation(seed)
    assert sim.run(main()) == Block(seed)
"""


def test_hypothesis_is_told_from_a_test_without_a_loop_and_the_recipes_work(run: Run) -> None:
    done = run(GIVEN, "--asyncio-mode=auto")
    done.assert_outcomes(passed=2, errors=3)
    text = done.stdout.str()
    assert text.count("or a plain `def` with Simulation(seed).run(main())") >= 2
    assert "hypothesis runs this async test on the real clock" in text
    assert "need an event loop" not in text


def test_a_fixture_on_another_loop_is_told_that_it_cannot_use_a_simulation(run: Run) -> None:
    done = run(
        """
import pytest_asyncio

@pytest_asyncio.fixture
async def alice(sim):
    return await sim.node("alice")

async def test_it(alice, sim): ...
""",
        "--asyncio-mode=auto",
    )
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["*sim.node() was called on a *, not on the simulation's own loop: an async fixture*"])


def test_a_mark_without_a_number_of_seeds_is_an_error_of_its_test_alone(run: Run) -> None:
    done = run(
        """
@pytest.mark.seeds
def test_none(): ...

@pytest.mark.seeds(0)
def test_zero(): ...

@pytest.mark.seeds("5")
def test_text(peerbus_seed): ...

@pytest.mark.seeds(count=5)
def test_by_name(): ...

@pytest.mark.seeds(True)
def test_flag(): ...

@pytest.mark.seeds(2)
def test_right(): ...
"""
    )
    done.assert_outcomes(passed=1, errors=5)
    done.stdout.fnmatch_lines(
        [
            "@pytest.mark.seeds takes a number of seeds, as in seeds(200), not seeds()",
            "ERROR *::test_none - *",
            "ERROR *::test_zero - *",
            "ERROR *::test_text - *",
        ]
    )
