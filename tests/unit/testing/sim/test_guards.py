"""The guards: whoever reaches out of a simulation is named, other threads and the time after notice nothing."""

from __future__ import annotations

import datetime as dt
import os
import random
import secrets
import socket
import subprocess
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from peerbus.testing import EscapedSimulation
from peerbus.testing.sim.guards import guarded
from peerbus.transports.streams.identity import Identity

#: Looked up when they are called: what was taken from its module before the guards were up is not seen.
WAYS_OUT: dict[str, Callable[[], object]] = {
    "time.time": lambda: time.time(),  # noqa: PLW0108  # see above; likewise below
    "time.monotonic": lambda: time.monotonic(),  # noqa: PLW0108
    "time.clock_gettime": lambda: time.clock_gettime(time.CLOCK_REALTIME),
    "time.sleep": lambda: time.sleep(1),
    "time.localtime": lambda: time.localtime(),  # noqa: PLW0108
    "time.strftime": lambda: time.strftime("%H"),
    "datetime.now": lambda: dt.datetime.now(dt.UTC),
    "date.today": lambda: dt.date.today(),  # noqa: DTZ011, PLW0108
    "random.random": lambda: random.random(),  # noqa: PLW0108
    "random.shuffle": lambda: random.shuffle([1]),
    "without a seed": lambda: random.Random(),  # noqa: PLW0108
    "SystemRandom": lambda: random.SystemRandom().random(),
    "os.urandom": lambda: os.urandom(1),
    "uuid.uuid4": lambda: uuid.uuid4(),  # noqa: PLW0108
    "secrets.token_hex": lambda: secrets.token_hex(1),
    "Identity.generate": lambda: Identity.generate(),  # noqa: PLW0108
    "Thread.start": lambda: threading.Thread(target=print).start(),
    "socket.socket": lambda: socket.socket(),  # noqa: PLW0108
    "socket.socketpair": lambda: socket.socketpair(),  # noqa: PLW0108
    "socket.fromfd": lambda: socket.fromfd(0, socket.AF_INET, socket.SOCK_STREAM),
    "subprocess.Popen": lambda: subprocess.run(["true"], check=True),
    "os.fork": lambda: os.fork(),  # noqa: PLW0108
}


@pytest.mark.parametrize("name", WAYS_OUT)
def test_what_reaches_out_fails_and_is_named_with_its_caller(name: str) -> None:
    heard: list[EscapedSimulation] = []
    with guarded(heard.append), pytest.raises(EscapedSimulation, match=name) as failed:
        WAYS_OUT[name]()
    assert heard == [failed.value]
    assert "test_guards" in str(failed.value)


def test_a_pool_of_threads_starts_none() -> None:
    heard: list[EscapedSimulation] = []
    pool = ThreadPoolExecutor(1)
    with guarded(heard.append), pytest.raises(EscapedSimulation, match=r"Thread\.start.*test_guards"):
        pool.submit(print)
    assert len(heard) == 1


def test_a_refused_socket_leaves_no_descriptor_open() -> None:
    before = set(os.listdir("/proc/self/fd"))
    for name in ("socket.socket", "socket.socketpair", "socket.fromfd"):
        with guarded(lambda error: None), pytest.raises(EscapedSimulation):
            WAYS_OUT[name]()
    assert set(os.listdir("/proc/self/fd")) == before


def test_times_that_are_given_are_free() -> None:
    with guarded(lambda error: None):
        assert time.strftime("%Y", time.gmtime(0)) == "1970"
        assert time.localtime(0) == time.localtime(0.0)
        assert isinstance(dt.date(2020, 1, 1), dt.date)
        assert isinstance(dt.datetime(2020, 1, 1, tzinfo=dt.UTC), dt.date)
        assert issubclass(dt.datetime, dt.date)


def test_seeded_chance_and_values_of_time_are_free() -> None:
    with guarded(lambda error: None):
        assert random.Random(1).random() == random.Random(1).random()
        made = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
        assert isinstance(made, dt.datetime)
        assert issubclass(type(made), dt.datetime)


def test_other_threads_notice_nothing() -> None:
    drawn: list[float] = []
    go = threading.Event()

    def draw() -> None:
        go.wait()
        drawn.extend([time.monotonic(), random.random()])

    thread = threading.Thread(target=draw)
    thread.start()
    with guarded(lambda error: None):
        go.set()
        thread.join()
    assert len(drawn) == 2


def test_afterwards_everything_is_as_before() -> None:
    before = time.time, random.random, dt.datetime, Identity.generate, socket.socket.__init__, random.Random.seed
    with pytest.raises(ValueError, match="inside"), guarded(lambda error: None):
        raise ValueError("inside")
    after = time.time, random.random, dt.datetime, Identity.generate, socket.socket.__init__, random.Random.seed
    assert after == before
    assert "__init__" in vars(socket.socket)


def test_two_simulations_at_once_are_refused() -> None:
    with guarded(lambda error: None), pytest.raises(RuntimeError, match="one after the other"), guarded(print):
        pass
