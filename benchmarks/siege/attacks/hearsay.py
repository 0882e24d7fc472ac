"""Fresh keys whose signed records name places that are not theirs: a service of this machine, and a Unix socket."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from peerbus.discovery.mind.dial_targets import A_PLACE
from peerbus.discovery.records.record import sign_record
from peerbus.transports.streams.endpoint import Endpoint
from peerbus.transports.streams.identity import Identity

from ..attack import Attack, Target, source_address
from ..raw import Wire

__all__ = ["ATTACK"]

#: Knocks that are no flood: those of each begun minute, those at once, and of the first that was said to be there.
_FEW = 2 * A_PLACE


async def _run(target: Target) -> None:
    async def once(_number: int) -> None:
        identity = Identity.generate()
        record = sign_record(
            identity, network=target.network, sequence=1, expires=int(time.time()) + 3600, endpoints=places
        )
        async with asyncio.timeout(5.0):
            wire = await Wire.as_peer(target, identity, source=source_address(0), record=record.data)
        wire.close()

    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="siege-") as folder, contextlib.ExitStack() as stack:
        path = str(Path(folder) / "s")
        tcp = stack.enter_context(_counted(target, "the service", socket.AF_INET, ("127.0.0.1", 0)))
        stack.enter_context(_counted(target, "the socket", socket.AF_UNIX, path))
        places = [Endpoint("tcp", host="127.0.0.1", port=tcp.getsockname()[1]), Endpoint("unix", path=path)]
        try:
            await target.repeat(once, side_by_side=4, pause=0.02)
        finally:
            target.facts["minutes"] = 1 + int((time.monotonic() - began) / 60.0)


@contextlib.contextmanager
def _counted(target: Target, what: str, family: int, address: str | tuple[str, int]) -> Iterator[socket.socket]:
    """A service that counts who knocks, and answers nobody."""
    loop = asyncio.get_running_loop()
    with socket.socket(family, socket.SOCK_STREAM) as listening:
        listening.setblocking(False)
        listening.bind(address)
        listening.listen(128)

        def knocked() -> None:
            with contextlib.suppress(BlockingIOError):
                listening.accept()[0].close()
                target.facts[f"knocks at {what}"] += 1

        loop.add_reader(listening, knocked)
        try:
            yield listening
        finally:
            loop.remove_reader(listening)


def _judge(facts: Mapping[str, int]) -> tuple[str, ...]:
    service, path = facts.get("knocks at the service", 0), facts.get("knocks at the socket", 0)
    return (
        *(
            [f"{service} connections to a service that others named"]
            if service > _FEW + A_PLACE * facts["minutes"]
            else ()
        ),
        *([f"{path} connections to a Unix socket that others named"] if path else ()),
    )


ATTACK = Attack(
    number=13,
    name="hearsay",
    about="fresh keys, each with a record that names a service of this machine and a Unix socket of it",
    run=_run,
    node={"pex": True},
    small=30,
    judge=_judge,
)
