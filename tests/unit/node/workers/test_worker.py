from __future__ import annotations

from functools import partial

import pytest
from crunching import Apart, Counter, Second, Third

from peerbus.actors import ConfigError, Pool, Supervision
from peerbus.node import Worker
from peerbus.node.workers import split_reactors
from peerbus.node.workers.factory_path import FactoryPath
from peerbus.node.workers.worker import workers_of


def test_a_worker_is_named_with_what_it_runs_in_any_of_three_ways() -> None:
    found = workers_of(
        {"a": [Counter, "crunching:Second"], "b": partial(Third, 3), "c": Worker([Apart], unresponsive=5)}
    )
    assert {name: worker.classes for name, worker in found.items()} == {
        "a": (Counter, Second),
        "b": (Third,),
        "c": (Apart,),
    }
    assert found["b"].paths == (FactoryPath("crunching:Third", (3,)),)


def test_the_only_reactor_of_a_worker_says_how_it_is_supervised_unless_the_worker_does() -> None:
    assert Worker([Counter]).policy is Counter.supervision
    assert Worker([Counter, Second]).policy == Supervision()
    assert Worker([Counter], supervision=Supervision(budget=1)).policy.budget == 1


def test_reactors_that_want_a_process_have_one_each_by_their_own_name() -> None:
    own, workers = split_reactors([Counter, Apart], None)
    assert (own, list(workers), workers["apart"].classes) == ([Counter], ["apart"], (Apart,))


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda: workers_of([Counter]), "write processes="),
        (lambda: workers_of({"A b": [Counter]}), "not a worker's name"),
        (lambda: workers_of({"a": []}), "runs no reactor"),
        (lambda: workers_of({"a": [Counter], "b": [Counter]}), "runs in the worker 'a' already"),
        (lambda: workers_of({"a": ["nowhere:Reactor"]}), r"processes\['a'\]: nowhere:Reactor cannot be imported"),
        (lambda: split_reactors([Counter], {"a": [Counter]}), "is run by the worker 'a' already"),
        (lambda: Worker([Counter], unresponsive=0), "seconds above 0"),
        (lambda: Worker([Counter], listen=("unix:///x",)), "listen is one text"),  # type: ignore[arg-type]  # the case
        (lambda: split_reactors([Counter] * 254, {"a": [Second]}), "has 255 reactors, .* and 254 at most"),
        (lambda: split_reactors([Counter] * 254 + [Pool(Second, processes=2)], None), "make of those .* a Pool"),
    ],
    ids=["list", "name", "empty", "twice", "import", "both", "time", "text", "many", "many and a pool"],
)
def test_what_cannot_be_is_refused_with_its_place(made: object, words: str) -> None:
    assert callable(made)
    with pytest.raises(ConfigError, match=words):
        made()
