"""Errors, and what becomes of them when they are pickled or copied: of every class that there is."""

# ruff: noqa: S301  # what is unpickled here was pickled here

from __future__ import annotations

import asyncio
import copy
import importlib
import inspect
import pickle
import pkgutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from peerbus.actors import (
    LOCAL,
    Actor,
    Bus,
    DeadlineExceeded,
    Deadlock,
    HandshakeFailed,
    NoRoute,
    PeerbusError,
    QuorumFailed,
    RemoteError,
    Results,
    SendError,
)

#: A value for a constructor's argument of each type that errors have. An error with another one needs a line here.
VALUES: dict[str, object] = {
    "signal.Signals": signal.SIGTERM,
    "str": "some text",
    "bool": True,
    "int": 409,
    "Literal['absent', 'silent', 'broken']": "silent",
    "tuple[bytes, ...]": (b"record",),
    "object": ("a message", 7),
    "tuple[str, ...]": ("bus://local/a", "bus://local/b"),
    "Results[Any]": Results({"a": 1}, {"b": NoRoute("gone", message="lost")}, abandoned=("c",)),
}


def _tree(root: type[BaseException]) -> Iterator[type[BaseException]]:
    yield root
    for each in root.__subclasses__():
        if each.__module__.startswith("peerbus."):
            yield from _tree(each)


def _public_errors() -> list[type[BaseException]]:
    for package in ("actors", "transports", "discovery", "node", "operate", "testing"):
        found = importlib.import_module(f"peerbus.{package}")
        for each in pkgutil.walk_packages(found.__path__, f"peerbus.{package}."):
            importlib.import_module(each.name)
    every = dict.fromkeys(_tree(PeerbusError))
    for module in [module for name, module in sys.modules.items() if name.startswith("peerbus.")]:
        for name, value in vars(module).items():
            public = not name.startswith("_") and inspect.isclass(value) and issubclass(value, BaseException)
            if public and value.__module__.startswith("peerbus."):
                every[value] = None
    return list(every)


def _made(error_class: type[BaseException]) -> BaseException:
    """One that carries something wherever it can."""
    arguments: list[object] = []
    named: dict[str, object] = {}
    plain = error_class.__init__ in (Exception.__init__, AssertionError.__init__)  # they have no signature
    for parameter in () if plain else inspect.signature(error_class.__init__).parameters.values():
        if parameter.name == "self":
            continue
        if parameter.kind is parameter.KEYWORD_ONLY:
            named[parameter.name] = VALUES[str(parameter.annotation)]
        elif parameter.kind is parameter.POSITIONAL_OR_KEYWORD:
            arguments.append(VALUES[str(parameter.annotation)])
    error = error_class(*(arguments or ["some text"]), **named)
    if isinstance(error, SendError):
        error.tried = ("a", "b")
        error.never_sent = True
    error.add_note("a note")
    error.__cause__ = OSError(5, "the cable is out")
    return error


def _carried(error: BaseException) -> dict[str, object]:
    """All that can be seen of an error, as values that compare."""
    seen = {"class": type(error), "text": str(error), "args": error.args, **vars(error)}
    seen["notes"] = list(error.__notes__)
    for name in ("reason", "phase", "code", "tried"):
        seen[name] = getattr(error, name, None)
    cause = error.__cause__
    seen["cause"] = (type(cause), str(cause))
    results = seen.get("results")
    if isinstance(results, Results):
        errors = {peer: (type(each), str(each), vars(each)) for peer, each in results.errors.items()}
        seen["results"] = (results.answers, errors, results.abandoned)
    return seen


def _pickled(protocol: int, error: object) -> object:
    return pickle.loads(pickle.dumps(error, protocol))


WAYS: dict[str, Callable[[Any], Any]] = {
    **{f"pickle {protocol}": partial(_pickled, protocol) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)},
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("error_class", _public_errors(), ids=lambda each: each.__name__)
def test_an_error_keeps_all_that_it_carries(error_class: type[BaseException], way: str) -> None:
    error = _made(error_class)
    again = WAYS[way](error)
    assert again is not error
    before, after = _carried(error), _carried(again)
    if not isinstance(error, PeerbusError):
        before.pop("cause"), after.pop("cause")  # Python drops it, and nobody promised
    assert after == before


def test_errors_come_whole_out_of_a_pool_of_processes(tmp_path: Path) -> None:
    errors = [_made(each) for each in _tree(PeerbusError)]
    program = tmp_path / "program.py"
    program.write_text(
        """
import multiprocessing, pathlib, pickle, sys
from concurrent.futures import ProcessPoolExecutor

def work(error):
    raise error

if __name__ == "__main__":
    errors = pickle.loads(pathlib.Path(sys.argv[1]).read_bytes())
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        back = [pool.submit(work, error).exception() for error in errors]
    pathlib.Path(sys.argv[1]).write_bytes(pickle.dumps(back))
"""
    )
    data = tmp_path / "errors"
    data.write_bytes(pickle.dumps(errors))
    subprocess.run([sys.executable, "-P", str(program), str(data)], check=True, timeout=60)
    for error, again in zip(errors, pickle.loads(data.read_bytes()), strict=True):
        before, after = _carried(error), _carried(again)
        before.pop("cause"), after.pop("cause")  # the pool puts its own in that place: the worker's traceback
        assert after == before


class _Slow(Actor):
    async def on_receive(self, message: object) -> object:
        if message == "refuse":
            raise RemoteError("no", "not now")
        return await asyncio.get_running_loop().create_future()


async def test_errors_that_the_bus_made_are_whole_after_a_pickle() -> None:
    async with Bus() as bus:
        bus.spawn(_Slow, name="slow")
        for message, kind in (("refuse", RemoteError), ("wait", DeadlineExceeded)):
            with pytest.raises(kind) as caught:
                await bus.ask(LOCAL / "slow", message, timeout=0.01)
            again = pickle.loads(pickle.dumps(caught.value))
            assert vars(again) == vars(caught.value)
            assert str(again) == str(caught.value)


def test_the_arguments_that_these_classes_once_lost_are_there() -> None:
    deadlock = pickle.loads(pickle.dumps(Deadlock(("a", "b"), message="m")))
    assert (deadlock.cycle, deadlock.message) == (("a", "b"), "m")
    failed = pickle.loads(pickle.dumps(HandshakeFailed("full", "10 of 10", by_peer=True)))
    assert (failed.reason, failed.text, failed.by_peer) == ("full", "10 of 10", True)
    quorum = pickle.loads(pickle.dumps(QuorumFailed("few", results=Results({}, {}), message="m")))
    assert (len(quorum.results), quorum.message) == (0, "m")
