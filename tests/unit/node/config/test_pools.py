"""Pools in a configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from peerbus.actors import LOCAL, ConfigError, Resizer
from peerbus.node.config.config import parse_config
from peerbus.node.config.pools import PoolConfig
from peerbus.node.run.build import build_node

MODULE = """
from peerbus.actors import Channel, Key, Message, Reactor, Request, handles

class Hash(Message, Request[str]):
    text: str

class Hasher(Reactor):
    channel = Channel("hash", messages=(Hash,))

    def __init__(self, salt: str = "") -> None:
        super().__init__()
        self.salt = salt

    @handles(Hash)
    def hash(self, message: Hash) -> str:
        return f"{self}{self.salt}"

def by_text(message):
    return Key(message.text)
"""
HEAD = 'name = "alice"\nnetwork = "test"\n[discovery]\nmdns = false\n'


def pool_of(text: str) -> PoolConfig | None:
    whole = f'{HEAD}[[reactors]]\npath = "jobs:Hasher"\n[reactors.pool]\n{text}'
    (reactor,) = parse_config(whole, name="a.toml", folder=Path()).reactors
    return reactor.pool


def test_a_pool_is_read_with_its_rule() -> None:
    assert pool_of("threads = 3\n") == PoolConfig("threads", 3)
    assert pool_of("processes = 3\n") == PoolConfig("processes", 3)
    assert pool_of('members = 2\npick = "jobs:by_text"\nprefetch = 0\n') == PoolConfig("members", 2, "jobs:by_text", 0)
    rule = Resizer(upper=8, lower=2, grow_after=0.2, shrink_after=60)
    text = "threads = 4\nupper = 8\nlower = 2\ngrow_after = 0.2\nshrink_after = 60\n"
    assert pool_of(text) == PoolConfig("threads", 4, resizer=rule)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "one of the three; write threads = 4"),
        ("threads = 2\nmembers = 2\n", "one of the three"),
        ("threads = 0\n", "threads"),
        ("threads = 257\n", "threads"),
        ('threads = 2\npick = "most"\n', "'most' is no pick"),
        ("threads = 2\ngrow_after = 1\n", "write upper as well, upper = 4"),
        ("threads = 4\nupper = 3\n", "upper"),
        ("threads = 4\nupper = 8\nlower = 5\n", "lower"),
        ("threads = 4\nworkers = 8\n", "workers"),
    ],
)
def test_what_is_no_pool_is_refused_with_its_place(text: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem) as wrong:
        pool_of(text)
    assert str(wrong.value).startswith("a.toml:")


async def test_a_node_runs_the_pool_that_its_configuration_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "pooled_jobs.py").write_text(MODULE)
    text = (
        f'{HEAD}[[reactors]]\npath = "pooled_jobs:Hasher"\nargs = {{ salt = "!" }}\n'
        '[reactors.pool]\nmembers = 3\npick = "pooled_jobs:by_text"\n'
    )
    config = parse_config(text, name="a.toml", folder=tmp_path)
    async with build_node(config) as node:
        (pool,) = node.snapshot().pools
        assert (pool.name, pool.size, pool.pick) == ("hash", 3, "by by_text")
        import pooled_jobs  # type: ignore[import-not-found]  # made just now

        answers = [await node.ask(LOCAL / "hash", pooled_jobs.Hash(text)) for text in "abcabc"]
        assert answers[:3] == answers[3:]
        assert all(str(answer).endswith("!") for answer in answers)
    wrong = parse_config(text.replace("by_text", "Hash"), name="a.toml", folder=tmp_path)
    assert build_node(wrong) is not None
    missing = parse_config(text.replace("by_text", "nothing"), name="a.toml", folder=tmp_path)
    with pytest.raises(ConfigError, match="has no 'nothing'"):
        build_node(missing)
