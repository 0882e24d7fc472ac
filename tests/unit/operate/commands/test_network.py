"""`peerbus network`: who may come in, and the levers that change it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from administered import Place
from authorities import issued, new_authority, revoked
from command_line import asked
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from peerbus.node import Network


async def test_the_rules_are_shown_read_anew_and_a_list_is_taken(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = place.node.network
    status, out, err = await asked(place.socket, "network", capsys)
    assert (status, err) == (0, "")
    assert out.startswith(f"{name} is open: it lets in anybody\nto close it: [network]")
    authority = new_authority(ends=5e9)
    own = issued(authority, place.node.identity, ends=4e9, roles=frozenset({"archive"}))
    pem = x509.load_der_x509_certificate(own.der).public_bytes(serialization.Encoding.PEM)
    files = {"authority": authority.certificate, "certificate": pem, "list": revoked(authority).pem}
    for word, content in files.items():
        (tmp_path / word).write_bytes(content)
    friends = tmp_path / "friends"
    friends.write_text("a" * 64)
    rules = Network(name, allow=friends, authority=tmp_path / "authority", certificate=tmp_path / "certificate")
    assert await place.node.set_network(rules)
    friends.write_text("b" * 64)
    status, out, _ = await asked(place.socket, "network --reload", capsys)
    assert status == 0
    assert "b" * 64 in out
    assert "roles        archive" in out
    friends.write_text("nobody")
    status, _, err = await asked(place.socket, "network --reload", capsys)
    assert status != 0
    assert "friends: line 1" in err
    assert await asked(place.socket, f"network --revoke {tmp_path / 'list'}", capsys) == (
        0,
        "taken, and told to all peers\n",
        "",
    )
    assert (await asked(place.socket, f"network --revoke {tmp_path / 'list'}", capsys))[0] == 1
    assert (await asked(place.socket, f"network --revoke {friends}", capsys))[0] == 2
    seen = json.loads((await asked(place.socket, "network --json", capsys))[1])
    assert (seen["open"], seen["authorities"][0]["list_number"]) == (False, 1)
