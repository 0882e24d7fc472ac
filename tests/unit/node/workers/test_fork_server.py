from __future__ import annotations

import pytest

from peerbus.node.workers.fork_server import told


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (0, "exited with status 0"),
        (3, "exited with status 3"),
        (-15, "was ended by SIGTERM"),
        (-9, "was ended by SIGKILL (out of memory, or somebody's kill -9)"),
        (-99, "was ended by signal 99"),
    ],
)
def test_ends_are_told_in_words(status: int, words: str) -> None:
    assert told(status) == words
