"""Who an actor is: in logs, in errors, and to Pykka's registry."""

from __future__ import annotations

import pykka
import pytest
from structlog.testing import capture_logs

from peerbus.actors import Actor, ActorStopped, Bus


class Named(Actor):
    """Says nothing."""

    def on_receive(self, message: object) -> object:
        return message


async def test_on_a_bus_it_is_known_by_its_name_and_its_log_lines_say_where() -> None:
    async with Bus("alice") as bus:
        cell = bus.spawn(Named, name="bob")._cell
        assert str(cell) == "bob"
        assert cell.named == {"node": "alice", "actor": "bob"}
        assert repr(cell) == "<LoopCell bob new>"
        assert cell.blocks(bus.thread)
        assert cell.brings_on(bus.thread)
        assert cell.lost() is None


def test_without_a_bus_it_is_known_by_its_class_and_says_what_pykka_says() -> None:
    ref = Named.start()
    cell = ref._cell  # type: ignore[attr-defined,unused-ignore]  # a ref of ours
    assert str(cell) == f"Named ({ref.actor_urn})"
    assert cell.named == {"actor": str(cell)}
    assert ref in pykka.ActorRegistry.get_all()
    with capture_logs() as logs:
        ref.stop()
    assert ref not in pykka.ActorRegistry.get_all()
    assert any(entry["event"] == "stopped" for entry in logs)


async def test_a_send_to_one_that_has_stopped_says_so() -> None:
    async with Bus() as bus:
        ref = bus.spawn(Named, name="bob")
    with pytest.raises(ActorStopped, match="not found"):
        ref.tell("hello").get()
    assert "stopped before handling" in str(ref._cell.stopped_error("hello"))
    assert "stopped while it answered" in str(ref._cell.stopped_error("hello", "while it answered"))
    assert "did not come to an end" in str(ref._cell.left_error("hello"))
