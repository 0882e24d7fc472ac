"""A running node is found by itself, by name, by a path or by a URL; several are never guessed among."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from peerbus.actors import ConfigError
from peerbus.node import Node
from peerbus.operate import Admin
from peerbus.operate.client import (
    AdminClient,
    AdminTarget,
    NodeNotFound,
    NodeNotReached,
    find_node,
    finding,
    nodes_here,
)
from peerbus.operate.serving.places import SocketPlace, bind_socket


@pytest.fixture(autouse=True)
def only_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nodes of this machine that are none of the test's are not looked at."""
    monkeypatch.setattr(finding, "SERVICES", tmp_path / "run")
    monkeypatch.setattr("peerbus.operate.serving.places.TEMPORARY", tmp_path / "tmp")


def environment(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "runtime").mkdir(exist_ok=True)
    return {"XDG_RUNTIME_DIR": str(tmp_path / "runtime")}


@asynccontextmanager
async def running(name: str, path: Path) -> AsyncIterator[Node]:
    async with Node(name, extensions=[Admin(str(path))]) as node:
        yield node


def at(target: AdminTarget) -> str:
    return str(target).removeprefix("unix://")


async def test_the_only_one_is_found_by_itself_and_several_are_listed(tmp_path: Path) -> None:
    env = environment(tmp_path)
    with pytest.raises(NodeNotFound, match="no node runs here"):
        await find_node(environment=env, folder=tmp_path)
    first, second = tmp_path / "runtime" / "peerbus" / "alice.sock", tmp_path / "other.sock"
    async with running("alice", first):
        bind_socket(tmp_path / "dead.sock").close()
        assert at(await find_node(environment=env, folder=tmp_path)) == str(first)
        async with running("bob", second):
            with pytest.raises(NodeNotFound, match="2 nodes run here, name one with --node: alice, bob"):
                await find_node(environment=env, folder=tmp_path)
            assert at(await find_node("bob", environment=env, folder=tmp_path)) == str(second)
            assert [node.name for node in await nodes_here(env, tmp_path)] == ["alice", "bob"]
            with pytest.raises(NodeNotFound, match="no node called 'carol' runs here: alice, bob"):
                await find_node("carol", environment=env, folder=tmp_path)


async def test_two_of_one_name_are_told_apart_by_their_sockets(tmp_path: Path) -> None:
    async with running("alice", tmp_path / "a.sock"), running("alice", tmp_path / "b.sock"):
        with pytest.raises(NodeNotFound, match=r"2 nodes run here.*a\.sock, .*b\.sock"):
            await find_node("alice", environment=environment(tmp_path), folder=tmp_path)


async def test_a_path_is_a_socket_or_a_configuration(tmp_path: Path) -> None:
    env = environment(tmp_path)
    config = tmp_path / "alice.toml"
    config.write_text('name = "alice"\nnetwork = "demo"\n')
    with pytest.raises(NodeNotFound, match="no node listens at"):
        await find_node(str(config), environment=env)
    async with running("alice", tmp_path / "alice.sock"):
        # The node was started where there was no such folder: the socket is beside its configuration.
        assert at(await find_node(str(config), environment=env)) == str(tmp_path / "alice.sock")
        assert at(await find_node(f"unix://{tmp_path}/alice.sock", environment=env)) == str(tmp_path / "alice.sock")
        async with running("alice", tmp_path / "runtime" / "peerbus" / "alice.sock"):
            found = at(await find_node(str(config), environment=env))
            assert found == str(tmp_path / "runtime" / "peerbus" / "alice.sock")


async def test_a_configuration_names_the_port_the_token_and_the_certificate(tmp_path: Path) -> None:
    admin = Admin("http://127.0.0.1:0", token=tmp_path / "token")
    async with Node("alice", extensions=[admin]):
        config = tmp_path / "alice.toml"
        config.write_text(f'name = "alice"\nnetwork = "demo"\n[admin]\nat = "{admin.address}"\ntoken = "token"\n')
        for target in (
            await find_node(str(config), environment={}),
            await find_node(admin.address, token=tmp_path / "token"),
        ):
            async with AdminClient(target) as client:
                assert (await client.node()).name == "alice"
        with pytest.raises(ConfigError, match="--token FILE"):
            await find_node(admin.address)
    config.write_text('name = "alice"\nnetwork = "demo"\nadmin.enabled = false\n')
    with pytest.raises(ConfigError, match="no admin API"):
        await find_node(str(config), environment={})


async def test_what_names_no_place_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for said, error, why in (
        (str(tmp_path), ConfigError, "is a folder"),
        (str(tmp_path / "file"), ConfigError, "is no socket"),
        (str(tmp_path / "none.sock"), NodeNotFound, "no such socket"),
        ("ftp://x", ConfigError, "no place"),
        (str(tmp_path / "none.toml"), ConfigError, "no such file"),
    ):
        with pytest.raises(error, match=why):
            await find_node(said, environment=environment(tmp_path), folder=tmp_path)


async def test_nothing_is_asked_at_a_socket_of_another_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env = environment(tmp_path)
    path = tmp_path / "alice.sock"
    async with running("alice", path):
        monkeypatch.setattr(os, "geteuid", lambda: 4_000_000)
        assert await nodes_here(env, tmp_path) == ()
        with pytest.raises(ConfigError, match="another user"):
            await find_node(str(path), environment=env)


@pytest.mark.parametrize("folder", ["runtime/peerbus", "."])
async def test_a_node_that_stands_still_is_found_by_the_name_of_its_socket(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "GLANCE", 0.05)
    env = environment(tmp_path)
    path = tmp_path / folder / "a%2Fb.sock"
    with bind_socket(path) as silent:
        silent.listen()
        target = await find_node("a/b", environment=env, folder=tmp_path)
        assert target.place == SocketPlace(path)
        async with AdminClient(target, timeout=0.05) as client:
            with pytest.raises(NodeNotReached, match="its event loop stands still"):
                await client.node()
        with pytest.raises(NodeNotFound, match=r"no node called 'carol' runs here: a/b \(does not answer\)"):
            await find_node("carol", environment=env, folder=tmp_path)
