"""Programs written for Pykka run under our base class: proxies, futures and the registry."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Iterator
from typing import Any

import pykka
import pytest
from pykka_echo import WAIT, Echo, inside

from peerbus.actors import Actor, Ref


@pytest.fixture(autouse=True)
def _stop_all() -> Iterator[None]:
    yield
    pykka.ActorRegistry.stop_all(timeout=WAIT)


def test_proxies_reach_methods_fields_and_traversable_attributes() -> None:
    class Playback:
        def __init__(self) -> None:
            self.volume = 5

        def play(self) -> str:
            return threading.current_thread().name

    class Player(Echo):
        playback = pykka.traversable(Playback())
        stopped_by: str | None = None

    proxy: Any = Player.start().proxy()
    assert proxy.double(4).get(timeout=WAIT) == 8
    assert proxy.value.get(timeout=WAIT) == "field"
    proxy.value = "changed"
    assert proxy.value.get(timeout=WAIT) == "changed"
    assert proxy.playback.play().get(timeout=WAIT).startswith("Player")
    assert proxy.playback.volume.get(timeout=WAIT) == 5
    proxy.playback.volume = 11
    assert proxy.playback.volume.get(timeout=WAIT) == 11
    with pytest.raises(KeyError):
        proxy.fail().get(timeout=WAIT)
    with pytest.raises(AttributeError):
        proxy.nothing_of_the_kind
    proxy.double.defer(1)
    assert proxy == proxy.actor_ref.proxy()
    proxy.fail.defer()
    assert proxy.actor_ref.actor_stopped.wait(WAIT)
    with pytest.raises(pykka.ActorDeadError):
        proxy.actor_ref.proxy()


def test_an_actor_may_keep_a_proxy_to_itself() -> None:
    class Later(Actor):
        def __init__(self) -> None:
            super().__init__()
            self._in_future: Any = self.actor_ref.proxy()
            self.done: queue.Queue[str] = queue.Queue()

        def work(self) -> None:
            self._in_future.more_work()

        def more_work(self) -> None:
            self.done.put("done")

    ref = Later.start()
    done = inside(ref).done
    ref.proxy().work().get(timeout=WAIT)
    assert done.get(timeout=WAIT) == "done"


def test_futures_filter_join_map_and_reduce() -> None:
    ref = Echo.start()

    def ask(message: Any) -> Any:
        return ref.ask(message, block=False)

    assert ask([1, 2, 3, 4]).filter(lambda x: x % 2).get(timeout=WAIT) == [1, 3]
    assert ask(1).join(ask(2), ask(3)).get(timeout=WAIT) == [1, 2, 3]
    assert ask(10).map(lambda x: x + 1).map(str).get(timeout=WAIT) == "11"
    assert ask([1, 2, 3]).reduce(lambda a, b: a + b).get(timeout=WAIT) == 6
    assert ask([]).reduce(lambda a, b: a + b, 7).get(timeout=WAIT) == 7
    assert pykka.get_all([ask(i) for i in range(5)], timeout=WAIT) == list(range(5))
    with pytest.raises(TypeError):
        ask(1).filter(bool).get(timeout=WAIT)
    gate = threading.Event()
    slow = ask(gate).map(str)
    with pytest.raises(pykka.Timeout):
        slow.get(timeout=0.01)
    gate.set()
    assert slow.get(timeout=WAIT) == slow.get(timeout=WAIT) == "True"


def test_a_future_that_a_method_returns_is_passed_on_as_it_is() -> None:
    proxy: Any = Echo.start().proxy()
    assert proxy.future().get(timeout=WAIT).get(timeout=WAIT) == "inner"


def test_futures_can_be_awaited_from_any_loop() -> None:
    async def main() -> list[Any]:
        ref, gate = Echo.start(), threading.Event()
        waiting = ref.ask(gate, block=False)
        mapped = ref.ask(3, block=False).map(lambda x: x * 2)
        joined = ref.ask(1, block=False).join(ref.ask(2, block=False))
        asyncio.get_running_loop().call_soon(gate.set)
        hooked = Actor._create_future()
        hooked.set_get_hook(lambda _: "hooked")
        with pytest.raises(ValueError, match="x"):
            await ref.ask(ValueError("x"), block=False)
        return [await waiting, await mapped, await joined, await hooked, await ref.stop(block=False)]

    assert asyncio.run(main()) == [True, 6, [1, 2], "hooked", True]


def test_the_registry_finds_actors() -> None:
    class Special(Echo):
        pass

    refs: list[Ref[Any]] = [Echo.start(), Special.start()]
    registry = pykka.ActorRegistry
    assert registry.get_all() == refs
    assert registry.get_by_class(Echo) == refs
    assert registry.get_by_class(Special) == refs[1:]
    assert registry.get_by_class_name("Special") == refs[1:]
    assert registry.get_by_urn(refs[0].actor_urn) is refs[0]
    assert registry.get_by_urn("urn:none") is None
    registry.broadcast("hello", target_class="Special")
    assert refs[1].ask(1) == 1
    assert refs[1].statistics().delivered == 2
    assert refs[0].statistics().delivered == 0
    assert registry.stop_all(timeout=WAIT) == [True, True]
    assert registry.get_all() == []
