"""What docs/logging.md shows, at work."""

from __future__ import annotations

import logging

import pytest

from peerbus.actors import Bus, Channel, Message, Reactor, RemoteError, handles


class GetBlock(Message):
    height: int


class Blocks(Reactor):
    channel = Channel("blocks", messages=(GetBlock,))

    @handles(GetBlock)
    def serve(self, wanted: GetBlock) -> int:
        raise KeyError(wanted.height)


def test_the_levels_are_those_of_the_standard_library() -> None:
    before = {name: logging.getLogger(name).level for name in ("peerbus", "peerbus.discovery")}
    try:
        # region: levels
        logging.getLogger("peerbus").setLevel(logging.WARNING)  # all of it
        logging.getLogger("peerbus.discovery").setLevel(logging.DEBUG)  # but who is dialed, and why not
        # endregion
        assert not logging.getLogger("peerbus.node").isEnabledFor(logging.INFO)
        assert logging.getLogger("peerbus.discovery.mdns").isEnabledFor(logging.DEBUG)
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


# region: caplog
@pytest.mark.asyncio
async def test_a_failure_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async with Bus() as bus:
        with pytest.raises(RemoteError):
            await bus.ask(bus.spawn(Blocks), GetBlock(7))
    (record,) = [each for each in caplog.records if each.name == "peerbus.actors"]
    assert vars(record)["actor"] == "blocks"


# endregion
