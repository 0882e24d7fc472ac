"""The levers of a node: each says what it did, and refuses what is malformed before anything is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from peerbus.actors import ConfigError, Outcome
from peerbus.discovery.mind.lever_messages import LeverResult
from peerbus.node import Node

Pull = Callable[[], Outcome[LeverResult]]

PEER = "a" * 64
PLACE = f"tcp://{PEER}@10.0.0.1:7000"


async def test_what_is_done_can_be_undone_and_neither_twice() -> None:
    async with Node("alice") as node:
        each: list[tuple[Pull, Pull, str]] = [
            (lambda: node.ban(PEER), lambda: node.unban(PEER), "not_banned"),
            (lambda: node.add_persistent(PLACE), lambda: node.remove_persistent(PLACE), "not_persistent"),
            (lambda: node.add_seed(PLACE), lambda: node.remove_seed(PLACE), "not_seed"),
            (lambda: node.drain(within=0.0), node.undrain, "already"),
        ]
        for pull, undo, again in each:
            assert await pull()
            assert await undo()
            refused = await undo()
            assert (bool(refused), refused.reason) == (False, again)
            assert refused.text


async def test_what_is_not_known_is_refused() -> None:
    async with Node("alice") as node:
        assert (await node.dial(PEER)).reason == "unknown_peer"
        assert (await node.disconnect(PEER)).reason == "unknown_peer"
        assert (await node.set_score(PEER, 1.0)).reason == "unknown_peer"
        assert (await node.ban(node.node_id)).reason == "self"


@pytest.mark.parametrize(
    "pull",
    [
        lambda node: node.ban("nobody"),
        lambda node: node.unban("10.0.0"),
        lambda node: node.dial("tcp://"),
        lambda node: node.add_persistent("10.0.0.1:7000"),
        lambda node: node.add_seed("smoke://signal"),
    ],
)
async def test_what_is_malformed_is_a_configuration_error(pull: Callable[[Node], Any]) -> None:
    async with Node("alice") as node:
        with pytest.raises(ConfigError):
            pull(node)


def test_a_node_that_does_not_run_has_no_levers() -> None:
    with pytest.raises(ConfigError, match="does not run"):
        Node("alice").drain()
