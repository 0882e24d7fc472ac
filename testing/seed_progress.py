"""How far a test is that runs over many seeds, and whether there is time for one more."""

from __future__ import annotations

import time

import pytest

__all__ = ["SeedProgress"]

#: Seconds between two lines about one test.
EVERY = 5.0


class SeedProgress:
    """Tells the terminal, where `--peerbus-seeds` or `--peerbus-seconds` asked for a long run of `count` seeds."""

    def __init__(self, item: pytest.Item, count: int) -> None:
        option = item.config.getoption
        self._name, self._count, self._done = item.name, count, 0
        self._budget: float | None = option("peerbus_seconds")
        self._begun = self._said = time.monotonic()
        asked = option("peerbus_seeds") is not None or self._budget is not None
        # There is no terminal in a worker of pytest-xdist.
        self._terminal = item.config.pluginmanager.get_plugin("terminalreporter") if asked else None

    def goes_on(self) -> bool:
        """One more seed is done. False: it was the last one, or there is no time for another."""
        self._done += 1
        now = time.monotonic()
        all_done = self._done == self._count
        late = not all_done and self._budget is not None and now - self._begun >= self._budget
        if all_done or late or now - self._said >= EVERY:
            self._said = now
            self._say(now - self._begun, ", the time is up" if late else "")
        return not (all_done or late)

    def fails(self, seed: int) -> None:
        """This seed fails: a long run says so at once, not only at its end."""
        self._say(time.monotonic() - self._begun, f", then seed {seed} fails")

    def _say(self, seconds: float, why: str) -> None:
        if self._terminal is not None:
            self._terminal.ensure_newline()
            self._terminal.write_line(f"{self._name}: {self._done} of {self._count} seeds, {seconds:.0f} s{why}")
