"""`[processes]`: reactors in processes of their own, as a file names them."""

from __future__ import annotations

from pathlib import Path

import pytest
from crunching import Counter, Second

from peerbus.actors import ConfigError
from peerbus.node.config.config import parse_config
from peerbus.node.config.processes import ProcessConfig
from peerbus.node.run.build import load_channels, load_processes, load_reactors


def _parsed(text: str) -> tuple[ProcessConfig, ...]:
    return parse_config(f'name = "alice"\nnetwork = "n"\n{text}', name="alice.toml", folder=Path()).processes


def test_a_list_names_the_reactors_of_a_process_and_a_table_says_more() -> None:
    text = """
    [processes]
    crunch = ["crunching:Counter", { path = "crunching:Second", args = { start = 3 } }]
    [processes.far]
    reactors = ["crunching:Third"]
    unresponsive = 5
    """
    crunch, far = _parsed(text)
    assert [(each.path, dict(each.args)) for each in crunch.reactors] == [
        ("crunching:Counter", {}),
        ("crunching:Second", {"start": 3}),
    ]
    assert crunch.unresponsive == 60.0
    assert (far.name, far.unresponsive) == ("far", 5.0)
    config = parse_config(
        f'name = "alice"\nnetwork = "n"\nreactors = ["crunching:Threaded"]\n{text}', name="a", folder=Path()
    )
    workers = load_processes(config)
    assert workers["crunch"].classes == (Counter, Second)
    assert workers["crunch"].paths[1].named == {"start": 3}
    assert len(load_reactors(config)) == 1
    assert load_channels(config)[0] == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[processes]\nA = ['crunching:Counter']", "is no name of a process"),
        ("[processes]\ncrunch = ['crunching']", "is not an import path"),
        ("[processes]\ncrunch = []", "runs no reactor"),
        ("[processes.far]\nreactors = ['crunching:Counter']\nunresponsiv = 5", "unresponsive"),
    ],
    ids=["name", "path", "empty", "typo"],
)
def test_what_cannot_be_is_refused_with_its_line(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=rf"alice.toml:\d+: .*{words}"):
        _parsed(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[processes]\ncrunch = ['crunching:Pid']", r"processes.crunch\[0\]: .* not a reactor"),
        ("[processes]\ncrunch = [{path = 'crunching:Counter', args = {start = 'x'}}]", "args.start is 'x'"),
        ("reactors = ['crunching:Counter']\n[processes]\ncrunch = ['crunching:Counter']", "have one channel"),
    ],
    ids=["kind", "argument", "twice"],
)
def test_what_cannot_be_loaded_is_refused_with_its_place(text: str, words: str) -> None:
    config = parse_config(f'name = "alice"\nnetwork = "n"\n{text}', name="alice.toml", folder=Path())
    with pytest.raises(ConfigError, match=words):
        load_processes(config)
