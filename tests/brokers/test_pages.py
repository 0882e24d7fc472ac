"""What the pages show of NATS, with a real nats-server: two sites, and the same program on NATS itself."""

from __future__ import annotations

import pytest
from nats_servers import running
from shown_programs import run, shown_output


def test_two_sites_over_nats() -> None:
    with running() as server:
        assert run("docs/cookbook/two_sites.py", server.url) == shown_output("docs/cookbook/two_sites.py")


def test_the_same_program_on_nats_prints_the_same() -> None:
    pytest.importorskip("nats")
    with running() as server:
        assert run("docs/coming-from/nats_before.py", server.url) == shown_output("docs/coming-from/nats_after.py")
