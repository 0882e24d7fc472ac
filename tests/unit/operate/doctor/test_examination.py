"""The whole examination, of a configuration beside the node that runs from it or none."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from pathlib import Path

import pytest
from command_line import run
from networks_by_rule import RULES, rule_of

from peerbus.node import Network, Node
from peerbus.operate import Admin
from peerbus.operate.doctor.diagnosis import Diagnosis
from peerbus.operate.doctor.examination import Wanted, examine
from peerbus.operate.serving.places import bind_socket
from peerbus.transports import Identity

QUIET = "[discovery]\nmdns = false\n"


def written(folder: Path, text: str) -> Path:
    """A configuration of that text."""
    Identity.generate().save(folder / "alice.pem")
    path = folder / "alice.toml"
    path.write_text(
        f'name = "alice"\nnetwork = "demo"\nidentity = "alice.pem"\n{text}[admin]\nat = "alice.sock"\n{QUIET}'
    )
    return path


async def examined(path: Path, node: str | None = None) -> dict[str, Diagnosis]:
    """By what they are about."""
    return {each.about: each for each in await examine(Wanted(config=path, node=node, listen=0.1))}


async def test_before_the_first_start_all_is_well(tmp_path: Path) -> None:
    found = await examined(written(tmp_path, 'listen = ["tcp://127.0.0.1:0"]\n'))
    assert {about: each.verdict for about, each in found.items()} == dict.fromkeys(
        ("configuration", "key", "node", "descriptors", "listen tcp://127.0.0.1:0", "mdns"), "ok"
    )
    assert found["node"].text == "does not run"
    assert found["mdns"].text == "off, as the configuration says"


async def test_the_node_that_runs_from_it_is_looked_at_and_has_its_port(tmp_path: Path) -> None:
    admin = Admin(str(tmp_path / "alice.sock"))
    async with Node("alice", network="demo", listen=["tcp://127.0.0.1:0"], extensions=[admin]) as node:
        place = node.endpoints[0].replace(f"{node.node_id}@", "")
        path = written(tmp_path, f'listen = ["{place}"]\n')
        found = await examined(path)
        assert node.node_id[:12] in found["node"].text
        assert (found[f"listen {place}"].verdict, "this node runs" in found[f"listen {place}"].text) == ("ok", True)
        assert found["clock"].verdict == "ok"
        assert "in use" in found["descriptors"].text


async def test_a_broken_configuration_is_all_that_is_told(tmp_path: Path) -> None:
    path = tmp_path / "alice.toml"
    path.write_text("nam = 3\n")
    assert {about: each.verdict for about, each in (await examined(path)).items()} == {"configuration": "failed"}


async def test_a_node_that_is_named_and_does_not_run_has_failed(tmp_path: Path) -> None:
    found = await examined(written(tmp_path, ""), node=str(tmp_path / "nobody.sock"))
    assert found["node"].verdict == "failed"
    assert "nobody.sock" in found["node"].text


async def test_peers_and_seeds_are_looked_at(tmp_path: Path) -> None:
    async with Node("bob", listen=["tcp://127.0.0.1:0"]) as bob:
        place = bob.endpoints[0].replace(f"{bob.node_id}@", "")
        found = await examined(
            written(tmp_path, f'peers = {{ persistent = ["{place}"], seeds = ["tcp://127.0.0.1:1"] }}\n')
        )
        assert found[f"peer {place}"].verdict == "ok"
        assert found["seed tcp://127.0.0.1:1"].verdict == "warning"


@pytest.mark.parametrize("rule", RULES)
async def test_a_seed_is_come_in_to_as_the_node_would_by_every_rule(
    rule: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, bob_id = written(tmp_path, ""), Identity.from_seed(b"b" * 32)
    alice, bob = rule_of(rule, tmp_path, Identity.load(tmp_path / "alice.pem"), bob_id)
    async with Node("bob", network=Network("demo", **bob), identity=bob_id, listen=["tcp://127.0.0.1:0"]) as node:
        place = node.endpoints[0].replace(f"{node.node_id}@", "")
        lines = "".join(f'{key} = "{value}"\n' for key, value in alice.items())
        network = f'[network]\nname = "demo"\n{lines}'
        text = path.read_text().replace('network = "demo"\n', "")
        path.write_text(text.replace("[admin]", f'[peers]\nseeds = ["{place}"]\n{network}[admin]'))
        found = await examined(path)
        assert {each.text for each in found.values() if each.verdict == "failed"} == set()
        seed = found[f"seed {place}"]
        assert (seed.verdict, "lets this node in" in seed.text) == ("ok", rule in ("network_key", "authority"))
        status, out, err = await asyncio.to_thread(run, ["ping", node.endpoints[0], "--timeout", "30"], capsys)
        assert (status, err, "its network asks for " in out) == (0, "", rule in ("network_key", "authority"))
        assert f"{node.node_id} answered in " in out


async def test_a_seed_that_does_not_let_the_node_in_has_failed_with_the_reason(tmp_path: Path) -> None:
    path, bob_id = written(tmp_path, ""), Identity.from_seed(b"b" * 32)
    (tmp_path / "other").mkdir()
    _, bob = rule_of("network_key", tmp_path / "other", bob_id, bob_id)
    alice, _ = rule_of("network_key", tmp_path, bob_id, bob_id)
    async with Node("bob", network=Network("demo", **bob), identity=bob_id, listen=["tcp://127.0.0.1:0"]) as node:
        place = node.endpoints[0].replace(f"{node.node_id}@", "")
        keyed = f'network = {{ name = "demo", network_key = "{alice["network_key"]}" }}\n'
        for network, said in ((keyed, "network_key"), ('network = "demo"\n', "network_policy")):
            path.write_text(
                f'name = "alice"\n{network}identity = "alice.pem"\npeers = {{ seeds = ["{place}"] }}\n{QUIET}'
                f'[admin]\nat = "alice.sock"\n'
            )
            seed = (await examined(path))[f"seed {place}"]
            assert (seed.verdict, said in seed.text) == ("failed", True)
            assert "firewall" not in seed.advice


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who listens")
async def test_a_node_that_stands_still_is_named_and_its_own_port_is_not_held_against_it(
    tmp_path: Path,
) -> None:
    with bind_socket(tmp_path / "alice.sock") as silent, socket.create_server(("127.0.0.1", 0)) as port:
        silent.listen()
        place = f"tcp://127.0.0.1:{port.getsockname()[1]}"
        path = written(tmp_path, f'listen = ["{place}"]\n')
        found = {each.about: each for each in await examine(Wanted(config=path, listen=0.1, patience=0.05))}
    assert (found["node"].verdict, "stands still" in found["node"].text) == ("failed", True)
    assert f"kill -CONT {os.getpid()}" in found["node"].advice
    assert (found[f"listen {place}"].verdict, "this node runs" in found[f"listen {place}"].text) == ("ok", True)
