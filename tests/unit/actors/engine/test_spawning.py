"""An actor that is made for the first time: what is wrong with its name or its factory is said at once."""

from __future__ import annotations

from typing import Any

import pytest

from peerbus.actors import Actor, Bus, PeerbusError


class Made(Actor):
    """Nothing to do."""


class Forgets(Actor):
    def __init__(self) -> None:
        """Does not call its base's."""


def nothing() -> Any:
    return 3


@pytest.mark.parametrize("name", ["Upper", "", "a b", "x" * 64])
async def test_a_name_that_no_address_could_have_is_refused(name: str) -> None:
    async with Bus() as bus:
        with pytest.raises(ValueError, match="not an actor's name"):
            bus.spawn(Made, name=name)


@pytest.mark.parametrize(
    ("factory", "why"),
    [
        (nothing, "nothing makes an int, not an actor"),
        (Forgets, r"Forgets.__init__ does not call super\(\).__init__\(\)"),
    ],
)
async def test_a_factory_that_makes_no_actor_is_named(factory: Any, why: str) -> None:
    async with Bus() as bus:
        with pytest.raises(PeerbusError, match=why):
            bus.spawn(factory, name="made")
        assert bus.spawn(Made, name="made").is_alive(), "nothing is left of the one before"


async def test_a_name_that_is_taken_is_refused() -> None:
    async with Bus() as bus:
        bus.spawn(Made, name="made")
        with pytest.raises(ValueError, match="made"):
            bus.spawn(Made, name="made")


async def test_a_class_that_asks_for_a_process_is_not_quietly_run_in_this_one() -> None:
    class Heavy(Actor):
        dispatcher = "process"

    async with Bus("bus") as bus:
        with pytest.raises(PeerbusError, match=r"Heavy has dispatcher = 'process': give it to the node"):
            bus.spawn(Heavy)
