"""SIGHUP: what a node changes of itself while it runs, and what it says of the rest."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import fields
from functools import partial
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from peerbus.actors.base.errors import ConfigError
from peerbus.node.config.config import NodeConfig, load_config, parse_config
from peerbus.node.node import Node
from peerbus.node.run import reload
from peerbus.node.run.build import build_node
from peerbus.node.run.reload import LIVE, Reload, settings_of

BANNED, PEER, SEED = "ab" * 32, "tcp://127.0.0.1:1", "tcp://127.0.0.1:2"
#: What a configuration has beside its keys.
NO_KEYS = {"source", "folder", "values", "network"}
#: What a reload says of what differs.
CAME_OF_IT = {"changed", "refused", "needs_restart"}
LEAST = 'name = "alice"\nnetwork = "demo"\ndiscovery.mdns = false\npex.enabled = false\n'
FULL = f"""{LEAST}
offers = ["archive", "index{{from=10}}"]
peers.persistent = ["{PEER}"]
peers.seeds = ["{SEED}"]
peers.banned = ["{BANNED}", "10.1.0.0/16"]
log.level = "error"
limits.shutdown_timeout = 3
"""


def config(text: str) -> NodeConfig:
    return parse_config(text, name="alice.toml", folder=Path())


class Written:
    """A file that is written anew before each reload."""

    def __init__(self, text: str) -> None:
        self.text = text

    def read(self) -> NodeConfig:
        return config(self.text)


@pytest.fixture(autouse=True)
def configured(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The levels and formats that the log was set to; it is not touched, as these tests read it."""
    seen: list[tuple[str, str]] = []
    monkeypatch.setattr(reload, "configure", lambda *wanted: seen.append(wanted))
    return seen


async def reloaded(again: Reload) -> dict[str, object]:
    """What one reload logs."""
    with capture_logs() as logged:
        await again()
    (entry,) = [entry for entry in logged if str(entry["event"]).startswith("configuration")]
    return dict(entry)


def state(node: Node) -> tuple[object, ...]:
    """What a reload may change of a node."""
    peers = node.snapshot().peers
    dialed = {str(address.endpoint): address.sources for peer in peers.peers for address in peer.addresses}
    bans = {ban.target: ban.reason for ban in peers.bans}
    return sorted(node.offers), dialed, bans, node.bus.shutdown_timeout


async def test_what_can_be_changed_is_and_changed_back(configured: list[tuple[str, str]]) -> None:
    written = Written(FULL)
    async with build_node(config(LEAST)) as node:
        before, again = state(node), Reload(node, config(LEAST), written.read)
        entry = await reloaded(again)
        assert (entry["event"], entry["log_level"], entry["node"]) == ("configuration reloaded", "info", "alice")
        assert entry["changed"] == [
            "limits.shutdown_timeout: 10.0 -> 3.0",
            "log.level: info -> error",
            "offers: +archive",
            "offers: +index{from=10}",
            "peers.banned: +10.1.0.0/16",
            f"peers.banned: +{BANNED}",
            f"peers.persistent: +{PEER}",
            f"peers.seeds: +{SEED}",
        ]
        assert entry.keys() & CAME_OF_IT == {"changed"}
        offers, dialed, bans, timeout = state(node)
        assert (offers, timeout) == (["archive", "index{from=10}"], 3.0)
        assert dialed == {PEER: ("config",), SEED: ("seed",)}
        assert bans == {BANNED: "configuration", "10.1.0.0/16": "configuration"}
        written.text = LEAST
        assert len(list((await reloaded(again))["changed"])) == 8  # type: ignore[call-overload]  # a list of texts
        assert state(node) == before
    assert configured == [("error", "console"), ("info", "console")]


async def test_what_is_no_file_is_not_read_again_as_a_pipe_could_hold_the_node_up_for_ever(tmp_path: Path) -> None:
    pipe = tmp_path / "alice.toml"
    await asyncio.to_thread(os.mkfifo, pipe)
    running = parse_config(LEAST, name=str(pipe), folder=tmp_path)
    async with build_node(running) as node:
        entry = await reloaded(Reload(node, running, partial(load_config, pipe)))
        assert (entry["event"], entry["log_level"]) == (
            "configuration not reloaded, the node runs on as it was",
            "error",
        )
        assert "alice.toml: is no file" in str(entry["error"])


async def test_the_lever_of_the_network_reads_its_rules_in_the_configuration_too() -> None:
    def allowing(*ids: str) -> str:
        rules = f'network = {{name = "demo", allow = {list(ids)}}}'
        return LEAST.replace('network = "demo"', rules)

    one, two = "ab" * 32, "cd" * 32
    written = Written(allowing(one))
    async with build_node(config(written.text)) as node:
        again = Reload(node, config(written.text), written.read)
        written.text = allowing(two)
        assert await node.reload_network()
        assert node.network_view().allow == (two,)
        for wrong in ("nmae = 1", allowing("nobody"), allowing(two).replace("demo", "other")):
            written.text = wrong
            with pytest.raises(ConfigError):
                await node.reload_network()
            assert node.network_view().allow == (two,)
        written.text = allowing(one, two)
        assert "network" in str((await reloaded(again))["changed"])
        assert node.network_view().allow == (one, two)


async def test_a_reload_of_what_runs_says_that_nothing_differs() -> None:
    written = Written(FULL)
    async with build_node(config(FULL)) as node:
        assert (await reloaded(Reload(node, config(FULL), written.read))).keys() & CAME_OF_IT == set()


async def test_what_needs_a_restart_is_named_until_there_is_one() -> None:
    running = f"{LEAST}reactors = []\n"
    written = Written(f'{LEAST}listen = ["tcp://127.0.0.1:0"]\npeers.max_connected = 7\nchannels = []\n')
    async with build_node(config(running)) as node:
        again = Reload(node, config(running), written.read)
        for _ in range(2):
            entry = await reloaded(again)
            assert entry["log_level"] == "warning"
            assert entry["needs_restart"] == ["listen", "peers.max_connected", "peers.max_outgoing"]
            assert "changed" not in entry
        written.text = running
        assert "needs_restart" not in await reloaded(again)


async def test_a_wrong_configuration_changes_nothing() -> None:
    written = Written(f'{LEAST}offers = ["archive"]\nlog.level = "loud"\n')
    async with build_node(config(LEAST)) as node:
        before = state(node)
        entry = await reloaded(Reload(node, config(LEAST), written.read))
        assert entry["event"] == "configuration not reloaded, the node runs on as it was"
        assert str(entry["error"]).startswith("alice.toml:6: log.level: 'loud' is not one of")
        assert state(node) == before


async def test_what_the_node_refuses_is_named_and_tried_again() -> None:
    least = f"{LEAST}peers.max_connected = 1\n"
    written = Written(f'{least}peers.persistent = ["{PEER}"]\n')
    async with build_node(config(least)) as node:
        assert await node.add_persistent(SEED)
        again = Reload(node, config(least), written.read)
        for _ in range(2):
            entry = await reloaded(again)
            assert entry["log_level"] == "warning"
            assert str(entry["refused"]).startswith("['peers.persistent: ")
        assert await node.remove_persistent(SEED)
        assert (await reloaded(again))["changed"] == [f"peers.persistent: +{PEER}"]


async def test_what_the_operator_has_done_meanwhile_is_no_obstacle() -> None:
    written = Written(LEAST)
    async with build_node(config(FULL)) as node:
        node.withdraw("archive")
        assert await node.unban(BANNED)
        assert await node.remove_seed(SEED)
        entry = await reloaded(Reload(node, config(FULL), written.read))
        assert "refused" not in entry
        assert state(node) == ([], {}, {}, 10.0)


def test_every_key_is_changed_or_needs_a_restart() -> None:
    keys = settings_of(config(LEAST))
    assert LIVE.keys() <= keys.keys()
    assert {"name", "identity", "peers.require", "peers.ban_time", "pex.seed", "limits.slow_handler"} <= keys.keys()
    assert {field.name for field in fields(NodeConfig)} - {key.partition(".")[0] for key in keys} == NO_KEYS


@pytest.mark.parametrize("key", sorted(LIVE))
def test_the_page_names_what_is_changed_without_a_restart(key: str, documented: Callable[[str], str]) -> None:
    assert f"`{key}`" in documented("Reload")


@pytest.fixture
def documented() -> Callable[[str], str]:
    """A section of the page on configuration, by its heading."""
    page = (Path(__file__).resolve().parents[4] / "docs" / "configuration.md").read_text()

    def section(heading: str) -> str:
        return page.partition(f"## {heading}\n")[2].partition("\n## ")[0]

    return section


def test_a_configuration_that_is_wrong_is_an_error_of_its_own() -> None:
    with pytest.raises(ConfigError, match=r"peers\.banned\[0\]: '10\.0\.0\.300' is no node id"):
        config(f'{LEAST}peers.banned = ["10.0.0.300"]')
