"""What stands above a configuration's file, and how it is read."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from peerbus.actors.base.errors import ConfigError
from peerbus.node.config.config import NodeConfig, parse_config
from peerbus.node.config.overrides import Override, from_environment, from_words, joined, key_text, leaves

LEAST = 'name = "alice"\nnetwork = "demo"\n'
#: What a pod finds in its environment, where the cluster has a service that is called peerbus; and what tests set.
OF_OTHERS = {
    "PEERBUS_SERVICE_HOST": "10.96.0.7",
    "PEERBUS_SERVICE_PORT": "7400",
    "PEERBUS_SERVICE_PORT_BUS": "7400",
    "PEERBUS_PORT": "tcp://10.96.0.7:7400",
    "PEERBUS_PORT_7400_TCP": "tcp://10.96.0.7:7400",
    "PEERBUS_PORT_7400_TCP_PROTO": "tcp",
    "PEERBUS_PORT_7400_TCP_PORT": "7400",
    "PEERBUS_PORT_7400_TCP_ADDR": "10.96.0.7",
    "PEERBUS_SEEDS": "5000-9999",
    "PEERBUS_NODES": "200",
    "PEERBUS__ODD": "x",
    "PEERBUS_": "x",
    "PEERBUS_NAME__X_PORT": "x",
}


def parse(text: str = LEAST, environment: dict[str, str] | None = None, words: tuple[str, ...] = ()) -> NodeConfig:
    overrides = [*from_environment(environment or {}), *from_words(words)]
    return parse_config(text, name="alice.toml", folder=Path(), overrides=overrides)


def refusal(text: str = LEAST, environment: dict[str, str] | None = None, words: tuple[str, ...] = ()) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(text, environment, words)
    return str(caught.value)


def test_the_environment_stands_above_the_file_and_set_above_both() -> None:
    text = LEAST + "[peers]\nmax_connected = 10\nmax_outgoing = 3\nheartbeat = 1"
    environment = {"PEERBUS_PEERS__MAX_CONNECTED": "20", "PEERBUS_PEERS__MAX_OUTGOING": "4"}
    config = parse(text, environment, ("peers.max_connected=30",))
    assert (config.peers.options.max_connected, config.peers.options.max_outgoing) == (30, 4)
    assert config.peers.heartbeat == 1.0
    assert config.source.origin("peers.max_connected") == "--set"
    assert config.source.origin("peers.max_outgoing") == "PEERBUS_PEERS__MAX_OUTGOING"
    assert config.source.origin("peers.heartbeat") == "alice.toml:6"


def test_the_last_of_several_holds() -> None:
    assert parse(words=("log.level=debug", "log.level=error")).log.level == "error"


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("bob", "bob"),
        ('"bob"', "bob"),
        ("'bob'", "bob"),
        ("7", "7"),
        ("true", "true"),
        ("007", "007"),
        ("1979-05-27", "1979-05-27"),
        ("peerbus-0", "peerbus-0"),
        ("a=b", "a=b"),
    ],
)
def test_a_text_needs_no_quotes(word: str, value: str) -> None:
    assert parse(words=(f"name={word}",)).name == value
    assert parse(environment={"PEERBUS_NAME": word}).name == value


def test_a_value_is_toml() -> None:
    words = ('listen=["tcp://127.0.0.1:1", "tcp://127.0.0.1:2"]', "discovery.mdns=false", "limits.slow_handler=1e-1")
    config = parse(words=words)
    assert [endpoint.port for endpoint in config.listen] == [1, 2]
    assert (config.discovery.mdns, config.limits.slow_handler) == (False, 0.1)


def test_a_table_is_joined_and_a_list_replaced() -> None:
    text = LEAST + 'offers = ["a"]\n[peers]\nheartbeat = 1\nmax_connected = 9'
    config = parse(text, {"PEERBUS_PEERS": "{ max_connected = 8, min_retry = 2 }"}, ('offers=["b"]',))
    assert (config.peers.heartbeat, config.peers.options.max_connected, config.peers.options.min_retry) == (1, 8, 2)
    assert [offer.role for offer in config.offers] == ["b"]


def test_a_quoted_key_is_one_name() -> None:
    (channel,) = parse(words=('channels."my.notes".window=4',)).channels
    assert (channel.name, channel.settings()) == ("my.notes", {"window": 4})
    (override,) = from_words(['channels."a=b".window=4'])
    assert override.key == ("channels", "a=b", "window")


def test_what_others_put_into_the_environment_is_ignored_and_named() -> None:
    config = parse(environment=OF_OTHERS | {"PEERBUS_CHECK_SENDS": "1", "PEERBUS_PURE": "1", "HOME": "/root"})
    plain_config = parse()
    assert replace(config, source=plain_config.source, values=plain_config.values) == plain_config
    assert {each.origin for each in config.source.ignored} == set(OF_OTHERS)
    plain = {each.origin for each in config.source.ignored if not each.of_a_service}
    assert plain == {"PEERBUS_SEEDS", "PEERBUS_NODES", "PEERBUS__ODD", "PEERBUS_"}


@pytest.mark.parametrize(
    ("environment", "words", "says"),
    [
        ({}, ("peers.max_conected=4",), "--set: peers.max_conected: unknown key; did you mean 'max_connected'?"),
        ({}, ("x.y.z=4",), "--set: x: unknown key"),
        ({}, ("peers.max_connected=many",), "--set: peers.max_connected: 'many' is not an integer; for example 64"),
        (
            {"PEERBUS_PEERS__MAX_CONNECTED": "0"},
            (),
            "PEERBUS_PEERS__MAX_CONNECTED: peers.max_connected: 0 is out of range",
        ),
        ({"PEERBUS_LOG": "debug"}, (), "PEERBUS_LOG: log: 'debug' is not a table; for example [log]"),
        ({"PEERBUS_LISTEN": "tcp://a:1"}, (), "PEERBUS_LISTEN: listen: 'tcp://a:1' is not a list; for example ["),
        ({}, ("listen=['tcp://a:1', 3]",), "--set: listen[1]: 3 is not a string"),
        ({}, ("name.x=4",), "--set: name.x: name is one value in alice.toml, which has no keys; set name as a whole"),
    ],
)
def test_a_mistake_names_where_it_stands(environment: dict[str, str], words: tuple[str, ...], says: str) -> None:
    assert says in refusal(environment=environment, words=words)


def test_a_key_of_a_list_is_refused_wherever_it_stands() -> None:
    text = LEAST + 'channels = ["a:B"]'
    for environment, words in (({"PEERBUS_CHANNELS__B__WINDOW": "4"}, ()), ({}, ("channels.b.window=4",))):
        says = "channels.b.window: channels is a list in alice.toml, which has no keys; set channels as a whole"
        assert says in refusal(text, environment, words)


def test_what_contradicts_itself_names_what_stands_above_the_file() -> None:
    text = LEAST + "[peers]\nmax_outgoing = 5"
    says = refusal(text, words=("peers.max_connected=4",))
    assert says == (
        "alice.toml:4: peers.max_outgoing: 5 is more than max_connected = 4 (above the file stand "
        "--set peers.max_connected)"
    )


@pytest.mark.parametrize("word", ["", "x", "=4", "peers.=4", "a b=4", '"a=4', "a\nb=2", "{a}=4"])
def test_what_is_no_key_and_value_is_refused(word: str) -> None:
    with pytest.raises(ConfigError, match=r"--set: .* is no key and value; write --set peers\.max_connected=8"):
        from_words([word])


def test_more_than_a_value_is_a_text() -> None:
    (override,) = from_words(["name=1\nnetwork = 2"])
    assert override == Override(("name",), "1\nnetwork = 2", "1\nnetwork = 2", "--set")


def test_a_value_that_is_nested_too_deeply_is_a_text() -> None:
    (override,) = from_words([f"listen={'[' * 100_000}"])
    assert isinstance(override.value, str)


def test_the_file_is_as_it_was() -> None:
    values: dict[str, Any] = {"peers": {"a": 1}}
    result, left_out = joined(values, from_words(["peers.b=2"]), "alice.toml")
    assert (values, result, left_out) == ({"peers": {"a": 1}}, {"peers": {"a": 1, "b": 2}}, [])


def test_keys_are_written_as_toml_writes_them() -> None:
    assert key_text(("peers", "a.b", "c-d")) == 'peers."a.b".c-d'
    assert list(leaves({"a": {"b": 1}, "c": [2]})) == [(("a", "b"), 1), (("c",), [2])]


@given(st.text(), st.text())
def test_whatever_stands_after_set_is_read_or_refused(key: str, value: str) -> None:
    with contextlib.suppress(ConfigError):
        parse(words=(f"{key}={value}",))
    with contextlib.suppress(ConfigError):
        parse(words=(f"limits.slow_handler={value}",))


@given(st.from_regex(r"PEERBUS_[A-Z0-9_]*", fullmatch=True), st.text(st.characters(exclude_characters="\0")))
def test_whatever_others_put_into_the_environment_does_not_stop_a_node(name: str, value: str) -> None:
    keys = {override.key[0] for override in from_environment({name: value})}
    assume(not keys & parse().source.known)
    assert parse(environment={name: value}).name == "alice"


def test_an_integer_that_is_too_large_is_refused_wherever_it_stands() -> None:
    assert "alice.toml:4: peers.max_known: an integer of TOML has at most 64 bits" in refusal(
        LEAST + "[peers]\nmax_known = 9223372036854775808"
    )
    assert "--set: peers.max_known: '-9223372036854775809' is not an integer" in refusal(
        words=("peers.max_known=-9223372036854775809",)
    )
    assert parse(environment={"PEERBUS_OF_OTHERS": "9223372036854775808"}).name == "alice"
    assert "alice.toml: not TOML: Exceeds the limit" in refusal(LEAST + f"[peers]\nmax_known = {'1' * 5000}")
    assert "--set: peers.max_known: '1111" in refusal(words=(f"peers.max_known={'1' * 5000}",))
