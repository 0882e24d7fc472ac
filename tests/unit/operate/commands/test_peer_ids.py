"""The first digits of an id are enough where they fit one peer, and never guessed among several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import pytest

from peerbus.actors import ConfigError
from peerbus.operate import AdminClient, RequestRefused
from peerbus.operate.commands.peer_ids import full_id, short_id, without_id
from peerbus.operate.commands.shown import ShownPage

A, B = "abcd" + "0" * 60, "abce" + "0" * 60


class Known:
    """A peer, as far as its id goes."""

    def __init__(self, node_id: str | None) -> None:
        self.node_id = node_id


class Knows:
    """A node that knows these."""

    async def listed(self, what: str, kind: type) -> Sequence[Known]:
        assert what == "peers"
        return [Known(A), Known(B), Known(None)]

    async def get(self, path: str, kind: type, **query: object) -> ShownPage:
        assert path == "/v1/connections"
        names = {A: "alice", B: "bob", "c" * 64: "bob", "d" * 64: "abcd"}
        return ShownPage({node_id: {"peer_id": node_id, "name": name} for node_id, name in names.items()}, None)


NODE = cast("AdminClient", Knows())


async def test_digits_that_fit_one_peer_are_its_id() -> None:
    assert await full_id(NODE, "ABCD0") == A
    assert await full_id(NODE, short_id(B) + "…") == B
    unknown = "f" * 64
    assert await full_id(NODE, unknown) == unknown


async def test_digits_that_fit_none_or_two_and_what_are_none_are_refused() -> None:
    for text, why in (("abc0", "no peer that this node knows"), ("abcdef", "no peer")):
        with pytest.raises(RequestRefused, match=why):
            await full_id(NODE, text)
    for text in ("abc", "hello", "", "f" * 65):
        with pytest.raises(ConfigError, match="no id of a peer"):
            await full_id(NODE, text)


async def test_a_name_is_one_peers_or_nobodys() -> None:
    assert await full_id(NODE, "alice") == A
    for said, whom in (("bob", (B, "c" * 64)), ("abcd", (A, "d" * 64))):  # the second: digits of one, name of another
        with pytest.raises(RequestRefused, match=f"{said} fits 2 peers") as refused:
            await full_id(NODE, said)
        assert all(each in str(refused.value) for each in whom)
    with pytest.raises(ConfigError, match="did you mean 'alice'"):
        await full_id(NODE, "alcie")


async def test_two_that_fit_are_named() -> None:
    class Same(Knows):
        async def listed(self, what: str, kind: type) -> Sequence[Known]:
            return [Known(A), Known("abcd1" + "0" * 59)]

    with pytest.raises(RequestRefused, match="abcd fits 3 peers: abcd0000"):
        await full_id(cast("AdminClient", Same()), "abcd")


def test_an_endpoint_is_shown_without_the_id_in_it() -> None:
    assert without_id(f"tcp://{A}@[::1]:7400") == "tcp://[::1]:7400"
    assert without_id("unix:///run/a@b.sock") == "unix:///run/a@b.sock"
    assert short_id(None) == ""
