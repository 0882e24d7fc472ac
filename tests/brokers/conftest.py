"""A real nats-server: `make brokers` brings one and says so, and without it these tests are skipped."""

from __future__ import annotations

import os

import pytest

ASKED_FOR = bool(os.environ.get("PEERBUS_BROKERS"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs them where nobody has asked for it: starting them takes seconds."""
    if not ASKED_FOR:
        for item in items:
            if "/brokers/" in str(item.path):
                item.add_marker(pytest.mark.skip(reason="it takes a nats-server: make brokers"))
