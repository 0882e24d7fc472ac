"""Checks of how streams are opened: listening, dialing, and by whom."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib

from ...actors.base import DialFailed, HandshakeFailed, ListenFailed, StreamClosed
from ...transports.streams import Endpoint
from .claims import cancel_after, expect, require, turns
from .transport_pair import (
    PATIENCE,
    TransportCheck,
    TransportPair,
    closing,
    dial,
    dial_and_be_heard,
    ends,
    listening,
    talk,
)

__all__ = ["OPENING_CHECKS"]

#: Seconds that a dial has where it cannot but wait for its end.
SHORT = 0.2


async def accept_waits_for_a_dial(pair: TransportPair) -> None:
    """Accept waits for a dial."""
    async with listening(pair) as listener:
        waiting = asyncio.create_task(listener.accept())
        await turns(3)
        require(not waiting.done(), "accept returned without a dial")
        async with closing(await dial(pair, listener)), closing(await waiting):
            pass


async def closing_the_listener_ends_accept(pair: TransportPair) -> None:
    """Closing the listener ends accept."""
    async with listening(pair) as listener:
        waiting = asyncio.create_task(listener.accept())
        await turns(3)
        await listener.aclose()
        await expect(StreamClosed, waiting, "a waiting accept")
        await expect(StreamClosed, listener.accept(), "accept after aclose")
        await listener.aclose()


async def a_cancelled_accept_takes_nothing(pair: TransportPair) -> None:
    """A cancelled accept takes nothing."""
    async with listening(pair) as listener:
        await cancel_after(3, listener.accept())
        async with closing(await dial(pair, listener)) as dialed, closing(await listener.accept()) as accepted:
            await talk(dialed, accepted)


async def many_dials_are_all_accepted(pair: TransportPair) -> None:
    """Many dials are all accepted."""
    async with listening(pair) as listener, contextlib.AsyncExitStack() as stack:
        dialed = await asyncio.gather(*(dial(pair, listener) for _ in range(20)))
        for number, stream in enumerate(dialed):
            await stack.enter_async_context(closing(stream))
            stream.write(bytes([number]))
        accepted = [await stack.enter_async_context(closing(await listener.accept())) for _ in dialed]
        numbers = {await stream.read() for stream in accepted}
        require(len(numbers) == len(dialed), f"{len(dialed)} dials gave {len(numbers)} streams")


async def a_dial_to_nobody_fails(pair: TransportPair) -> None:
    """A dial to nobody fails at once, or within its time where nobody is there to refuse it."""
    async with listening(pair) as listener:
        endpoint = listener.endpoint
        await listener.aclose()
    timeout = PATIENCE if pair.refuses else SHORT
    started = asyncio.get_running_loop().time()
    await expect(DialFailed, pair.dialer.dial(endpoint, expect=None, timeout=timeout), "a dial to nobody")
    waited = asyncio.get_running_loop().time() - started
    require(waited < PATIENCE / 2, "a dial to nobody waited" if pair.refuses else "a dial went on beyond its time")


async def a_dial_that_the_listener_never_takes_ends_with_the_listener(pair: TransportPair) -> None:
    """A dial that the listener never takes ends with the listener."""
    async with listening(pair) as listener:
        dialed = await dial(pair, listener)
        await listener.aclose()
        async with closing(dialed):
            await ends(dialed)


async def a_cancelled_dial_leaves_nothing(pair: TransportPair) -> None:
    """A cancelled dial leaves nothing."""
    async with listening(pair) as listener:
        for after in range(12):
            await cancel_after(after, dial(pair, listener))
        await dial_and_be_heard(pair, listener)


async def a_dial_with_no_time_fails(pair: TransportPair) -> None:
    """A dial with no time fails."""
    async with listening(pair) as listener:
        dial = pair.dialer.dial(listener.endpoint, expect=None, timeout=0)
        await expect(DialFailed, dial, "a dial with no time")


async def the_expected_node_is_accepted(pair: TransportPair) -> None:
    """The expected node is accepted."""
    async with listening(pair) as listener:
        dial = pair.dialer.dial(listener.endpoint.without_peer(), expect=pair.acceptor_id, timeout=PATIENCE)
        async with closing(await dial) as dialed, closing(await listener.accept()) as accepted:
            require(dialed.peer_id == pair.acceptor_id, f"the dialer saw {dialed.peer_id}")
            require(accepted.peer_id == pair.dialer_id, f"the acceptor saw {accepted.peer_id}")
            await talk(dialed, accepted)


async def another_node_than_expected_is_refused(pair: TransportPair) -> None:
    """Another node than expected is refused."""
    if pair.acceptor_id is None:
        return
    other = hashlib.sha256(b"somebody else").hexdigest()
    async with listening(pair) as listener:
        place = listener.endpoint.without_peer()
        for endpoint, expected in ((place, other), (place.with_peer(other), None)):
            dialing = pair.dialer.dial(endpoint, expect=expected, timeout=PATIENCE)
            error = await expect(HandshakeFailed, dialing, "a dial that met another node")
            require(error.reason == "node_id", f"the reason was {error.reason}")
        await dial_and_be_heard(pair, listener)


async def a_node_can_dial_itself(pair: TransportPair) -> None:
    """A node can dial itself."""
    listener = await pair.acceptor.listen(pair.fresh())
    async with contextlib.aclosing(listener):
        dial = pair.acceptor.dial(listener.endpoint, expect=None, timeout=PATIENCE)
        async with closing(await dial) as dialed, closing(await listener.accept()) as accepted:
            require(dialed.peer_id == accepted.peer_id == pair.acceptor_id, "it is not itself")
            await talk(dialed, accepted)


async def two_listeners_have_distinct_endpoints(pair: TransportPair) -> None:
    """Two listeners have distinct endpoints."""
    async with listening(pair) as one, listening(pair) as two:
        require(one.endpoint != two.endpoint, f"both are {one.endpoint}")
        for listener in (one, two):
            endpoint = listener.endpoint
            require(endpoint.scheme in pair.acceptor.schemes, f"{endpoint} is of another transport")
            require(Endpoint.parse(str(endpoint)) == endpoint, f"{endpoint} does not survive its text")
            require(endpoint.peer_id == pair.acceptor_id, f"{endpoint} names another node")


async def an_endpoint_in_use_cannot_be_listened_on(pair: TransportPair) -> None:
    """An endpoint in use cannot be listened on."""
    async with listening(pair) as listener:
        await expect(ListenFailed, pair.acceptor.listen(listener.endpoint), "a second listen")
        async with closing(await dial(pair, listener)), closing(await listener.accept()):
            pass


async def an_endpoint_can_be_listened_on_again(pair: TransportPair) -> None:
    """An endpoint can be listened on again."""
    async with listening(pair) as listener:
        endpoint = listener.endpoint
        async with closing(await dial(pair, listener)), closing(await listener.accept()):
            pass
    again = await pair.acceptor.listen(endpoint)
    require(again.endpoint == endpoint, f"it moved to {again.endpoint}")
    await again.aclose()


async def a_scheme_of_another_transport_is_refused(pair: TransportPair) -> None:
    """A scheme of another transport is refused."""
    schemes = (*pair.dialer.schemes, *pair.acceptor.schemes)
    known = (Endpoint.parse("tcp://127.0.0.1:1"), Endpoint.parse("memory://x"), Endpoint.parse("unix:///x"))
    for foreign in (endpoint for endpoint in known if endpoint.scheme not in schemes):
        await expect(ValueError, pair.dialer.dial(foreign, expect=None, timeout=1), "a foreign dial")
        await expect(ValueError, pair.acceptor.listen(foreign), "a foreign listen")


#: In the order in which they run.
OPENING_CHECKS: tuple[TransportCheck, ...] = (
    accept_waits_for_a_dial,
    closing_the_listener_ends_accept,
    a_cancelled_accept_takes_nothing,
    many_dials_are_all_accepted,
    a_dial_to_nobody_fails,
    a_dial_that_the_listener_never_takes_ends_with_the_listener,
    a_cancelled_dial_leaves_nothing,
    a_dial_with_no_time_fails,
    the_expected_node_is_accepted,
    another_node_than_expected_is_refused,
    a_node_can_dial_itself,
    two_listeners_have_distinct_endpoints,
    an_endpoint_in_use_cannot_be_listened_on,
    an_endpoint_can_be_listened_on_again,
    a_scheme_of_another_transport_is_refused,
)
