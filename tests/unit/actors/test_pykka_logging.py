"""An actor without a bus says by `logging` what Pykka's actors say, in their words: programs look for them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pykka
import pytest

from peerbus.actors import Actor, Ref

#: Far above what one machine takes; whoever waits that long has failed.
WAIT = 10.0


class Speaks(Actor):
    """Fails where it is told to."""

    def __init__(self, fails_in: str = "") -> None:
        super().__init__()
        self.fails_in = fails_in

    def on_start(self) -> None:
        if self.fails_in == "on_start":
            raise RuntimeError(self.fails_in)

    def on_stop(self) -> None:
        if self.fails_in == "on_stop":
            raise RuntimeError(self.fails_in)

    def on_failure(self, *info: Any) -> None:
        if self.fails_in == "on_failure":
            raise RuntimeError(self.fails_in)

    def on_receive(self, message: Any) -> Any:
        if isinstance(message, BaseException):
            raise message
        return super().on_receive(message)

    def refuse(self) -> None:
        """What a proxy calls."""
        raise ValueError("no")


class Ears(logging.Handler):
    """Keeps records, and wakes who waits for some."""

    def __init__(self) -> None:
        super().__init__()
        self._heard: list[logging.LogRecord] = []
        self._news = threading.Condition()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        with self._news:
            self._heard.append(record)
            self._news.notify_all()

    def of(self, level: int) -> list[logging.LogRecord]:
        """What was said at this level."""
        return [record for record in self._heard if record.levelno == level]

    def wait_for(self, level: int, count: int = 1) -> list[logging.LogRecord]:
        """What was said at this level, as soon as it is that much."""
        with self._news:
            assert self._news.wait_for(lambda: len(self.of(level)) >= count, WAIT), self._heard
        return self.of(level)

    def clear(self) -> None:
        """Forget what was said so far."""
        self._heard.clear()


@pytest.fixture
def ears() -> Iterator[Ears]:
    root, handler = logging.getLogger(), Ears()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.NOTSET)
    yield handler
    pykka.ActorRegistry.stop_all(timeout=WAIT)
    root.setLevel(level)
    root.removeHandler(handler)


@pytest.fixture
def start(ears: Ears) -> Callable[..., Ref[Speaks]]:
    """Starts an actor, and lets what is said of its start be forgotten."""

    def started(fails_in: str = "") -> Ref[Speaks]:
        ref = Speaks.start(fails_in)
        if fails_in != "on_start":
            ref.proxy().fails_in.get(timeout=WAIT)
            ears.clear()
        return ref

    return started


def test_a_message_that_is_not_expected_is_a_warning(ears: Ears, start: Callable[..., Ref[Speaks]]) -> None:
    ref = start()
    ref.ask({"what": "nothing that it knows"}, timeout=WAIT)
    (record,) = ears.wait_for(logging.WARNING)
    assert record.getMessage().startswith(f"Unexpected message received by {ref}: ")


def test_what_a_proxys_call_raises_is_information(ears: Ears, start: Callable[..., Ref[Speaks]]) -> None:
    ref = start()
    with pytest.raises(ValueError, match="no"):
        ref.proxy().refuse().get(timeout=WAIT)
    (record,) = ears.wait_for(logging.INFO)
    assert record.getMessage() == f"Exception returned from {ref} to caller:"
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], ValueError)


def test_what_nobody_asked_for_is_an_error_if_it_fails(ears: Ears, start: Callable[..., Ref[Speaks]]) -> None:
    ref = start()
    ref.tell(ValueError("no"))
    (record,) = ears.wait_for(logging.ERROR)
    assert record.getMessage() == f"Unhandled exception in {ref}:"
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], ValueError)
    assert vars(record)["actor"] == str(ref)


@pytest.mark.parametrize("fails_in", ["on_start", "on_stop", "on_failure"])
def test_a_hook_that_fails_is_an_error(ears: Ears, start: Callable[..., Ref[Speaks]], fails_in: str) -> None:
    ref = start(fails_in)
    if fails_in == "on_failure":
        ref.tell(ValueError("no"))
    elif fails_in == "on_stop":
        ref.stop(timeout=WAIT)
    records = ears.wait_for(logging.ERROR, 2 if fails_in == "on_failure" else 1)
    assert {record.getMessage() for record in records} == {f"Unhandled exception in {ref}:"}
    error = records[-1].exc_info
    assert error is not None
    assert str(error[1]) == fails_in


def test_what_is_no_exception_stops_all_actors_and_says_so_first(ears: Ears, start: Callable[..., Ref[Speaks]]) -> None:
    other = start()
    ref = start()
    ref.tell(BaseException())
    assert other.actor_stopped.wait(WAIT)
    assert ref.actor_stopped.wait(WAIT)
    said = [record.getMessage() for record in ears.wait_for(logging.DEBUG, 5)]
    assert said[0] == f"BaseException() in {ref}. Stopping all actors."
    assert {f"Unregistered {ref}", f"Stopped {ref}", f"Stopped {other}"} <= set(said)
