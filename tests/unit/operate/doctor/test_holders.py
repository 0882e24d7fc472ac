"""Who holds a port is told by name and number."""

from __future__ import annotations

import os
import socket
import sys

import pytest

from peerbus.operate.doctor.holders import PortHolder, holder_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who listens")


#: Nothing is bound there.
EVERYWHERE = "0.0.0.0"  # noqa: S104


@pytest.mark.parametrize(("at", "asked"), [("127.0.0.1", "127.0.0.1"), ("127.0.0.1", EVERYWHERE), ("::1", "::1")])
def test_whoever_listens_is_found(at: str, asked: str) -> None:
    with socket.create_server((at, 0), family=socket.AF_INET6 if ":" in at else socket.AF_INET) as server:
        port = server.getsockname()[1]
        holder = holder_of(asked, port)
        assert holder is not None
        assert holder.pid == os.getpid()
        assert f"(pid {os.getpid()})" in str(holder)
        assert holder_of("127.0.0.77" if at != "127.0.0.77" else at, port) is None


def test_nobody_is_found_where_nobody_listens() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        assert holder_of("127.0.0.1", bound.getsockname()[1]) is None


def test_of_another_users_process_the_user_is_told() -> None:
    assert str(PortHolder("postgres")) == "a process of user postgres"
