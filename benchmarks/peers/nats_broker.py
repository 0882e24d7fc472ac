"""A nats-server of its own for a benchmark: a third process, which the receiver starts."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from ..machine import which
from ..timing import Until

__all__ = ["broker"]

#: Seconds that the server may take to listen, and between two looks.
_PATIENCE = 10.0
_LOOK = 0.02


@contextlib.contextmanager
def broker(settings: str = "") -> Iterator[tuple[int, int]]:
    """Its port and its process."""
    program = which("nats-server")
    assert program is not None
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "nats.conf")
        path.write_text(f"listen: 127.0.0.1:{port}\n{settings}\n", encoding="ascii")
        with subprocess.Popen([program, "-c", str(path)], stderr=subprocess.DEVNULL) as process:
            try:
                _listens(port)
                yield port, process.pid
            finally:
                process.terminate()


def _listens(port: int) -> None:
    until = Until(_PATIENCE)
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            if until.over():
                raise
            time.sleep(_LOOK)
        else:
            return
