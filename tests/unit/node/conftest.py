"""What the tests of `node` share: logging, which is the process's own, is put back after each."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import structlog

LIBRARIES = ("asyncio", "pykka", "zeroconf")


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    libraries = {name: logging.getLogger(name).level for name in LIBRARIES}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, old in libraries.items():
        logging.getLogger(name).setLevel(old)
    structlog.reset_defaults()
