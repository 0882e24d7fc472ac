"""A network inside one process: no socket, no thread, no clock and no chance of its own.

Whatever moves from one node to another, a dial, bytes, an end, is a `Parcel`, and every parcel goes
through `Wire.carry`. A plain wire delivers at the loop's next turn; a subclass may carry later, hold
back or lose (see `MemoryNetwork.new_wire`), and so be any network, on any clock.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from ...actors.base import DialFailed, HandshakeFailed, ListenFailed, StreamClosed, spelled
from .endpoint import Endpoint, check_node_id
from .identity import id_mismatch
from .memory_stream import MemoryStream, Parcel, Wire
from .schemes import Scheme, register
from .shapes import NAME
from .transport import MAX_PENDING_HANDSHAKES, Refused, expected_peer

__all__ = ["MemoryListener", "MemoryNetwork", "MemoryTransport"]

#: No node of a configuration has it: its names mean something in one network of one process.
_MEMORY: Final = register(Scheme.on_machine("memory", NAME, told=True))


@spelled
class MemoryNetwork:
    """The nodes, names and wires of one network; its maker owns it, there is no global one.

    ```python
    network = MemoryNetwork()
    carol, dave = Identity.generate(), Identity.generate()
    here = Node("carol", identity=carol, transports=[network.transport(carol.node_id)], listen=["memory://carol"])
    there = Node("dave", identity=dave, transports=[network.transport(dave.node_id)], peers=["memory://carol"])
    ```
    """

    def __init__(self) -> None:
        self._wires: dict[tuple[str, str], Wire] = {}
        self._listeners: dict[str, MemoryListener] = {}
        self._names = 0

    def transport(self, node_id: str) -> MemoryTransport:
        """The transport of this node. Raises: ValueError if it is not a node id."""
        return MemoryTransport(self, check_node_id(node_id))

    def wire(self, source: str, target: str) -> Wire:
        """The wire from one node to another, always the same one."""
        key = (source, target)
        if key not in self._wires:
            self._wires[key] = self.new_wire(source, target)
        return self._wires[key]

    def new_wire(self, source: str, target: str) -> Wire:
        """Make the wire from one node to another: what a subclass overrides."""
        return Wire(source, target)

    def _next_name(self, node_id: str) -> str:
        self._names += 1
        return f"{node_id[:16]}.{self._names}"


class MemoryTransport:
    """`memory://name`: the streams of one node in a `MemoryNetwork`.

    The network knows which node has which transport, so its streams are authenticated.
    """

    schemes: tuple[str, ...] = (_MEMORY.name,)

    def __init__(self, network: MemoryNetwork, node_id: str) -> None:
        self._network = network
        self._node_id = node_id

    async def dial(self, endpoint: Endpoint, *, expect: str | None, timeout: float) -> MemoryStream:
        """As `Transport.dial`; no listener, or none that accepts, fails at once."""
        wanted = expected_peer(self, endpoint, expect)
        network = self._network
        listener = network._listeners.get(endpoint.path)
        if listener is None:
            raise DialFailed(f"{endpoint}: nobody listens there")
        here = Endpoint("memory", path=network._next_name(self._node_id), peer_id=self._node_id)
        way = network.wire(self._node_id, listener.node_id)
        back = network.wire(listener.node_id, self._node_id)
        answer: asyncio.Future[MemoryStream] = asyncio.get_running_loop().create_future()
        way.carry(
            Parcel(
                0,
                deliver=lambda: listener._knock(here, way, back, answer),
                lose=lambda: _refuse(answer, f"{endpoint}: the network lost the dial"),
            )
        )
        try:
            async with asyncio.timeout(timeout):
                stream = await answer
        except TimeoutError as error:
            _hang_up(answer)
            raise DialFailed(f"{endpoint}: no answer within {timeout} s") from error
        except asyncio.CancelledError:
            _hang_up(answer)
            raise
        why = id_mismatch(wanted, stream.peer_id)
        if why is not None:
            stream.abort()
            raise HandshakeFailed("node_id", why)
        return stream

    async def listen(self, endpoint: Endpoint, *, on_refused: Refused | None = None) -> MemoryListener:
        """As `Transport.listen`: a name has one listener at a time."""
        expected_peer(self, endpoint, None)
        listeners = self._network._listeners
        if endpoint.path in listeners:
            raise ListenFailed(f"{endpoint}: another listener has this name")
        listener = MemoryListener(
            self._node_id,
            endpoint,
            on_refused=on_refused,
            on_close=lambda: listeners.pop(endpoint.path, None),
        )
        listeners[endpoint.path] = listener
        return listener


class MemoryListener:
    """The `Listener` of a name in a `MemoryNetwork`."""

    def __init__(
        self,
        node_id: str,
        endpoint: Endpoint,
        *,
        on_refused: Refused | None,
        on_close: Callable[[], object],
    ) -> None:
        self.node_id = node_id
        self._endpoint = endpoint.with_peer(node_id)
        self._on_refused = on_refused
        self._on_close = on_close
        self._ready: deque[MemoryStream] = deque()
        self._arrived = asyncio.Event()
        self._closed = False

    @property
    def endpoint(self) -> Endpoint:
        """As `Listener.endpoint`."""
        return self._endpoint

    async def accept(self) -> MemoryStream:
        """As `Listener.accept`."""
        while not self._ready:
            if self._closed:
                raise StreamClosed(f"the listener on {self._endpoint} was closed")
            self._arrived.clear()
            await self._arrived.wait()
        return self._ready.popleft()

    async def aclose(self) -> None:
        """As `Listener.aclose`."""
        self.shut()

    def shut(self) -> None:
        """Take no more streams, and give the name free."""
        if self._closed:
            return
        self._closed = True
        self._on_close()
        self._arrived.set()
        while self._ready:
            self._ready.popleft().abort()

    def _knock(self, caller: Endpoint, way: Wire, back: Wire, answer: asyncio.Future[MemoryStream]) -> None:
        """Open a stream to `caller`, or refuse it; `answer` hears of it over the wire back."""
        refusal: str | None = None
        if self._closed:
            refusal = f"{self._endpoint}: nobody listens there any more"
        elif len(self._ready) >= MAX_PENDING_HANDSHAKES:
            refusal = f"{self._endpoint}: {MAX_PENDING_HANDSHAKES} connections are pending there"
            if self._on_refused is not None:
                error = HandshakeFailed("busy", refusal)
                asyncio.get_running_loop().call_soon(self._on_refused, caller, error)
        if refusal is not None:
            text = refusal
            back.carry(
                Parcel(
                    0,
                    lambda: _refuse(answer, text),
                    lambda: _refuse(answer, f"{self._endpoint}: the network lost the answer"),
                )
            )
            return
        theirs, ours = MemoryStream.pair(caller, self._endpoint, way, back)
        self._ready.append(ours)
        self._arrived.set()

        def lost() -> None:
            ours.break_off()
            _refuse(answer, f"{self._endpoint}: the network lost the answer")

        back.carry(Parcel(0, lambda: _open(answer, theirs), lost, ours))


def _open(answer: asyncio.Future[MemoryStream], stream: MemoryStream) -> None:
    if answer.done():
        stream.abort()
    else:
        answer.set_result(stream)


def _refuse(answer: asyncio.Future[MemoryStream], why: str) -> None:
    if not answer.done():
        answer.set_exception(DialFailed(why))


def _hang_up(answer: asyncio.Future[MemoryStream]) -> None:
    """The dial was given up in the very turn in which it was answered."""
    if answer.done() and not answer.cancelled() and answer.exception() is None:
        answer.result().abort()
