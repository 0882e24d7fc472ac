"""The network of a configuration: a name, or a table of rules, which nothing takes away unsaid."""

from __future__ import annotations

from pathlib import Path

import pytest

from peerbus.actors.base.errors import ConfigError
from peerbus.node.config.config import NodeConfig, parse_config
from peerbus.node.config.overrides import from_environment, from_words

TABLE = """\
name = "alice"
[network]
name = "demo"
allow = "friends"
network_key = ["new.key", "/etc/old.key"]
authority = "authority.pem"
certificate = "alice.crt"
"""


def config(text: str, *words: str, **environment: str) -> NodeConfig:
    overrides = [*from_environment(environment), *from_words(words)]
    return parse_config(text, name="alice.toml", folder=Path("/here"), overrides=overrides)


def test_a_table_has_the_rules_with_paths_beside_the_file() -> None:
    network = config(TABLE).network
    assert (network.name, network.allow) == ("demo", Path("/here/friends"))
    assert network.network_key == (Path("/here/new.key"), Path("/etc/old.key"))
    assert (network.authority, network.certificate) == (Path("/here/authority.pem"), Path("/here/alice.crt"))
    assert network.revoked_path == Path("/here/alice.crt.revoked")
    listed = config('name = "a"\nnetwork = { name = "n", allow = ["x"], revoked = "/var/r" }\n').network
    assert (listed.allow, listed.revoked) == (("x",), Path("/var/r"))


def test_a_name_that_stands_above_takes_no_rule_away() -> None:
    for found in (config(TABLE, "network=other"), config(TABLE, PEERBUS_NETWORK="other")):
        assert (found.network.name, found.network.closed) == ("other", True)
    plain = config('name = "a"\nnetwork = "n"\n', PEERBUS_NETWORK__NETWORK_KEY="n.key").network
    assert (plain.name, plain.network_key) == ("n", (Path("/here/n.key"),))
    assert config('name = "a"\nnetwork = "n"\n', "network=m").network.name == "m"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('network = { allow = "x" }', "alice.toml:2: network.name: is missing"),
        ("network = 7", "network: 7 is not a string"),
        ('network = { name = "n", alow = "x" }', "did you mean 'allow'"),
        ('network = { name = "n", network_key = [] }', "network.network_key: is empty"),
        ('network = { name = "n", network_key = 7 }', "network.network_key: 7 is not a list"),
        ('network = { name = "n", authority = "x" }', "network.certificate: is missing beside authority"),
        ('network = { name = "\\u0007" }', "network.name: .* is not a name"),
    ],
)
def test_a_mistake_names_its_key(text: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        config(f'name = "a"\n{text}\n')
