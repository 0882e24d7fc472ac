"""The pytest plugin: fixtures `sim`, `network`, `node`, `probe`, `no_leaks`; `@pytest.mark.seeds`; timelines.

Laws:
1. It costs nothing where it is not used: this file imports pytest and no peerbus, and touches only tests that use it.
   But for PEERBUS_CHECK_SENDS, which it sets: so each bus checks what is sent on its own node as if it went to another.
2. An `async def` test that uses `sim` runs on the simulation's loop, whichever other plugin would have run it. One
   that uses `node`, `probe` or `no_leaks` in real time is run by the plugin whose test it is (pytest-asyncio, anyio),
   and by this one where it is nobody's.
3. What a fixture opened in a test's loop is closed in that loop, before it ends.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import os
import shlex
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Any, cast

import pytest

from .misuse import is_wrong_mark, range_of_seeds, refuse_given, refuse_mark, refuse_without_loop, seconds_of

if TYPE_CHECKING:
    import asyncio

    from ..node.node import Node
    from .kit import Probes
    from .sim import FaultyNetwork, Simulation

__all__ = ["VirtualTest"]

#: Tests that use one of these need something done at the end of their loop.
IN_THE_LOOP = frozenset({"node", "probe", "no_leaks"})
CHECK_SENDS = "PEERBUS_CHECK_SENDS"
#: Markers by which other plugins know their tests.
OF_OTHERS = frozenset({"asyncio", "anyio"})

SEED = pytest.StashKey[int]()
OPENED = pytest.StashKey[contextlib.AsyncExitStack]()
TASKS_LEFT = pytest.StashKey[list[str]]()
TIMELINE = pytest.StashKey[Callable[[], str]]()
SHOWN = pytest.StashKey[str]()
TIMEOUT = pytest.StashKey[object]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the two options."""
    group = parser.getgroup("peerbus")
    group.addoption("--peerbus-seed", type=int, metavar="SEED", help="run with this seed only: replays a failure")
    group.addoption(
        "--peerbus-seeds",
        type=range_of_seeds,
        metavar="COUNT",
        help="run tests that are marked with seeds over COUNT of them, or over FIRST-LAST, and show how far they are",
    )
    group.addoption(
        "--peerbus-seconds",
        type=seconds_of,
        metavar="SECONDS",
        help="begin no more seeds of one test after SECONDS",
    )
    parser.addini(
        "peerbus_check_sends", "check sends on one node as if they went to another", type="bool", default=True
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker, and have sends checked."""
    if CHECK_SENDS not in os.environ:
        os.environ[CHECK_SENDS] = "1" if config.getini("peerbus_check_sends") else "0"
        config.add_cleanup(functools.partial(os.environ.__delitem__, CHECK_SENDS))
    config.addinivalue_line(
        "markers",
        "seeds(count): run the test once for each seed from 0 to count - 1, until one fails; see peerbus.testing",
    )


# Whose test is it?


class VirtualTest(pytest.Function):
    """An `async def` test on a simulation's loop. To other plugins it is a plain function."""

    def iter_markers_with_node(
        self, name: str | None = None
    ) -> Iterator[tuple[Any, pytest.Mark]]:  # Any: pytest's own Node
        """As pytest's, without the marks by which other plugins would know it as theirs."""
        return (found for found in super().iter_markers_with_node(name) if found[1].name not in OF_OTHERS)

    def runtest(self) -> None:
        """Run it to its end in virtual time."""
        with _in_place_of_its_function(self, self._simulated):
            super().runtest()

    def _simulated(self, function: Callable[..., Coroutine[Any, Any, object]], **arguments: object) -> None:
        sim = cast("Simulation", self.funcargs["sim"])
        sim.run(_to_its_end(self, function(**arguments)))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_pycollect_makeitem() -> Generator[None, Any, Any]:
    """Take tests that use `sim` from the plugins that would run them."""
    made = yield
    return [_virtual(item) for item in made] if isinstance(made, list) else _virtual(made)


def _virtual(item: object) -> object:
    if (
        not isinstance(item, pytest.Function)
        or not inspect.iscoroutinefunction(item.obj)
        or item.parent is None
        or "sim" not in item.fixturenames
    ):
        return item
    taken = VirtualTest.from_parent(
        item.parent,
        name=item.name,
        callspec=getattr(item, "callspec", None),
        callobj=item.obj,
        fixtureinfo=item._fixtureinfo,
        keywords=item.keywords,
        originalname=item.originalname,
    )
    taken.own_markers = [mark for mark in item.own_markers if mark.name not in OF_OTHERS]
    return taken


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Let a test in real time close what it opened; run it where nobody else does."""
    if (
        not isinstance(item, pytest.Function)
        or isinstance(item, VirtualTest)
        or not inspect.iscoroutinefunction(item.obj)
        or IN_THE_LOOP.isdisjoint(item.fixturenames)
    ):
        return (yield)

    async def closing(function: Callable[..., Coroutine[Any, Any, object]], **arguments: object) -> None:
        await _to_its_end(item, function(**arguments))

    def running(function: Callable[..., Coroutine[Any, Any, object]], **arguments: object) -> None:
        import asyncio

        with asyncio.Runner() as runner:
            runner.run(_to_its_end(item, function(**arguments)))

    with _in_place_of_its_function(item, closing if _somebody_runs(item) else running):
        return (yield)


def _somebody_runs(item: pytest.Function) -> bool:
    return type(item).__module__.partition(".")[0] == "pytest_asyncio" or (
        item.get_closest_marker("anyio") is not None and "anyio_backend" in item.funcargs
    )


@contextlib.contextmanager
def _in_place_of_its_function(item: pytest.Function, run: Callable[..., object]) -> Iterator[None]:
    original = item.obj

    def replaced(**arguments: object) -> object:
        return run(original, **arguments)

    async def replaced_async(**arguments: object) -> object:
        return await run(original, **arguments)  # type: ignore[misc]  # it is an `async def`, see below

    item.obj = functools.wraps(original)(replaced_async if inspect.iscoroutinefunction(run) else replaced)
    if not inspect.iscoroutinefunction(run):
        # `inspect` follows it, and others would find a coroutine function.
        del item.obj.__wrapped__
    try:
        yield
    finally:
        item.obj = original


async def _to_its_end(item: pytest.Item, test: Awaitable[object]) -> None:
    """Run the test, close what it opened, and look for tasks that it left."""
    import asyncio

    from .leaks import tasks_left

    before: set[asyncio.Task[Any]] = asyncio.all_tasks()
    try:
        async with item.stash.get(OPENED, contextlib.AsyncExitStack()):
            try:
                await test
            except BaseException:
                if TIMELINE in item.stash:
                    item.stash[SHOWN] = item.stash[TIMELINE]()  # before the closing adds to it
                raise
    finally:
        # Nodes of a simulation are stopped behind the test; it looks for tasks itself then.
        if TASKS_LEFT in item.stash and not isinstance(item, VirtualTest):
            item.stash[TASKS_LEFT] += await tasks_left(before)


# Fixtures.


@pytest.fixture
def peerbus_seed(request: pytest.FixtureRequest) -> int:
    """The seed of this run of the test: of `@pytest.mark.seeds`, of `--peerbus-seed`, or 0."""
    return _seed(request.node)


@pytest.fixture
def sim(request: pytest.FixtureRequest, peerbus_seed: int) -> Iterator[Simulation]:
    """A simulation with this test's seed; an `async def` test runs in it."""
    from .sim import Simulation

    refuse_given(request.node)
    simulation = Simulation(seed=peerbus_seed)
    request.node.stash[TIMELINE] = simulation.trace.timeline
    yield simulation
    if not simulation.loop.is_closed():  # the test never ran it
        simulation.loop.close()


@pytest.fixture
def network(request: pytest.FixtureRequest, peerbus_seed: int) -> FaultyNetwork:
    """The network that the nodes of this test are on, to be slowed down and cut: of `sim`, or in real time."""
    from .sim import FaultyNetwork

    if "sim" in request.fixturenames:
        of_sim: FaultyNetwork = request.getfixturevalue("sim").network
        return of_sim
    return FaultyNetwork(peerbus_seed)


@pytest.fixture
def node(request: pytest.FixtureRequest, network: FaultyNetwork, peerbus_seed: int) -> Callable[..., Awaitable[Node]]:
    """Makes nodes, which are closed when the test ends: `await node("alice", reactors=[Blocks])`.

    With `sim` it is `sim.node`; in real time see `peerbus.testing.Nodes`.
    """
    if "sim" in request.fixturenames:
        of_sim: Callable[..., Awaitable[Node]] = request.getfixturevalue("sim").node
        return of_sim
    from .sim import Nodes

    nodes = Nodes(network, _opened(request), seed=peerbus_seed)
    request.node.stash[TIMELINE] = nodes.timeline.text
    return nodes


@pytest.fixture
def probe(request: pytest.FixtureRequest, peerbus_seed: int) -> Probes:
    """Makes probes, which are closed when the test ends: `await probe(Blocks)`; see `peerbus.testing.Probes`."""
    from .kit import Probes

    return Probes(_opened(request), seed=peerbus_seed)


@pytest.fixture
def no_leaks(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail the test if it leaves a task, thread, actor, socket, file or child process behind."""
    from .leaks import Leaks

    request.node.stash[TASKS_LEFT] = []
    leaks = Leaks()
    yield
    left = [f"task {task}" for task in request.node.stash[TASKS_LEFT]] + leaks.left()
    del request.node.stash[TASKS_LEFT]
    if left:
        pytest.fail("the test left behind: " + "; ".join(left), pytrace=False)


def _opened(request: pytest.FixtureRequest) -> contextlib.AsyncExitStack:
    refuse_without_loop(request.node)
    stash = request.node.stash
    if OPENED not in stash:
        stash[OPENED] = contextlib.AsyncExitStack()
        request.addfinalizer(lambda: stash.__delitem__(OPENED))
    opened: contextlib.AsyncExitStack = stash[OPENED]
    return opened


# Seeds.


def _seed(item: pytest.Item) -> int:
    chosen: int | None = item.config.getoption("peerbus_seed")
    return item.stash.get(SEED, 0 if chosen is None else chosen)


def _seeds(item: pytest.Item) -> Sequence[int] | None:
    mark = item.get_closest_marker("seeds")
    if mark is None or is_wrong_mark(mark):
        return None
    chosen: int | None = item.config.getoption("peerbus_seed")
    if chosen is not None:
        return [chosen]
    chosen_range: range | None = item.config.getoption("peerbus_seeds")
    return range(mark.args[0]) if chosen_range is None else chosen_range


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Refuse a marker without a number of seeds: that test errs, the others run."""
    refuse_mark(item)


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_timeout_set_timer(item: pytest.Item, settings: object) -> None:
    """Hear from pytest-timeout what a test may take: each of its seeds may."""
    item.stash[TIMEOUT] = settings


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> object:
    """Run a test that is marked with seeds once for each, fixtures and all; report the last run only."""
    seeds = _seeds(item)
    if seeds is None:
        return None
    from _pytest.runner import runtestprotocol

    from .seed_progress import SeedProgress

    hook = item.ihook
    hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    seconds = 0.0
    reports: list[pytest.TestReport] = []
    progress = SeedProgress(item, len(seeds))
    for seed in seeds:
        item.stash[SEED] = seed
        item._report_sections.clear()  # what the seed before has printed
        if TIMEOUT in item.stash and seed != seeds[0]:
            hook.pytest_timeout_cancel_timer(item=item)
            hook.pytest_timeout_set_timer(item=item, settings=item.stash[TIMEOUT])
        last = seed == seeds[-1]
        # Between two seeds only the test itself is torn down: what stands above it is what comes next.
        reports = runtestprotocol(item, log=False, nextitem=nextitem if last else item.parent)  # type: ignore[arg-type]
        seconds += sum(report.duration for report in reports if report.when == "call")
        passes = all(report.passed for report in reports)
        if any(report.failed for report in reports):
            progress.fails(seed)
        if not passes or not progress.goes_on():
            if not last:
                reports += _torn_down(item, nextitem)
            break
    for report in reports:
        if report.when == "call":
            report.duration = seconds
        hook.pytest_runtest_logreport(report=report)
    hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def _torn_down(item: pytest.Item, nextitem: pytest.Item | None) -> list[pytest.TestReport]:
    """Tear down what stands above the test and is not needed next; a report where that fails."""
    # Not by the hook: other plugins have torn down the test itself already.
    state = item.session._setupstate
    call = pytest.CallInfo.from_call(lambda: state.teardown_exact(nextitem), when="teardown")
    return [] if call.excinfo is None else [item.ihook.pytest_runtest_makereport(item=item, call=call)]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add to a failure how to replay it, and what happened last on each node."""
    report = yield
    if report.when == "call":
        shown = item.stash.setdefault(SHOWN, "")
        del item.stash[SHOWN]
        if report.failed:
            said = {line.lstrip("E ") for line in report.longreprtext.splitlines()}  # so pytest writes a note's lines
            if not said.issuperset(line.lstrip("E ") for line in shown.splitlines()):
                report.sections.append(("peerbus: the last events of each node", shown))
            if "peerbus_seed" in getattr(item, "fixturenames", ()) or SEED in item.stash:
                report.sections.append(("peerbus: how to replay", _replay(item)))
    return report


def _replay(item: pytest.Item) -> str:
    seeds, seed = _seeds(item), _seed(item)
    text = f"pytest {shlex.quote(item.nodeid)} --peerbus-seed={seed}"
    if seeds is None or len(seeds) == 1:
        return text
    return f"seed {seed} is the first of {len(seeds)} that fails\n{text}"
