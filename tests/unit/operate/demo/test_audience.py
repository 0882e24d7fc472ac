"""Those who look on have a socket for each node, in a folder whose path is short."""

from __future__ import annotations

import sys
from pathlib import Path

from peerbus.operate.commands.demo import Onlookers
from peerbus.operate.demo import Audience, Display


def test_each_node_has_a_socket_of_its_own(tmp_path: Path) -> None:
    onlookers: Audience = Onlookers(tmp_path, Display(sys.stderr), lambda _: None, browser=False)
    assert onlookers.socket_of("want-1") == tmp_path / "want-1.sock"
