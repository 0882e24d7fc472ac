"""Where streams come in and go out: listens, dials and greets, and asks the peer manager which to let in.

Tasks: those of `Listening`, and one for each greeting and each dial (waits for: the other side; feeds: `opened`). All
belong to the peer manager's actor, which closes them.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterable, Sequence
from functools import partial

from ...actors.base import (
    DialFailed,
    HandshakeFailed,
    InFull,
    PeerbusError,
    ProtocolError,
    StreamBroken,
    StreamClosed,
    get_logger,
    new_task,
)
from ...actors.bus import Bus
from ...transports.admission import NetworkGate
from ...transports.connection import Greeted, greet
from ...transports.rules import PeerRules, Subject
from ...transports.streams import Endpoint, ManyPlaces, Provisional, Scope, Stream, Transport
from ...transports.wire import Hello, IdentityInUse
from ..facts import Accept, Attempt, Changes, Dial, PeerNotReached, PeerRefused, ScoreReason
from ..mind import PeerManager, bounded
from ..records import LocalAddress, local_addresses, may_lead_to
from .judged import Judged
from .listening import Listening
from .referrals import Referrals
from .repeats import Repeated, Repeats
from .whereabouts import Whereabouts

__all__ = ["Dialing"]

log = get_logger("peerbus.discovery")

#: Seconds that a dial may take until it has a stream, TLS included.
DIAL_TIMEOUT = 5.0
#: Seconds that each place of a name has at least.
LEAST_SHARE = 0.5
#: What ends a dial, as the world is.
FAILURES = (DialFailed, HandshakeFailed, ProtocolError, StreamBroken, StreamClosed, ValueError)


class Dialing:
    """See the module. `name` is the node's, for logs.

    `here` gives the machine's addresses, `hello` what this node says in a handshake to whoever is there,
    `rules` whose word is taken for a role.
    `opened(greeted, key)` takes a connection that both sides welcomed; `changed(changes)` hears what follows from a
    greeting that came to nothing, and that somebody may be due. `moved` hears that this node listens elsewhere, `gate`
    has the rules by which peers come in.
    """

    def __init__(
        self,
        name: str,
        bus: Bus,
        transports: Sequence[Transport],
        manager: PeerManager,
        *,
        hello: Callable[[Endpoint | None], Hello],
        here: Callable[[], tuple[LocalAddress, ...]] = tuple,
        rules: PeerRules | None = None,
        opened: Callable[[Greeted, int], None],
        changed: Callable[[Changes], None],
        moved: Callable[[], None] = lambda: None,
        gate: NetworkGate | None = None,
    ) -> None:
        self._name = name
        self._bus = bus
        self._loop = bus.loop
        self._transports = {scheme: transport for transport in transports for scheme in transport.schemes}
        self._manager = manager
        self._hello = hello
        self._here = here
        self._rules = rules or PeerRules()
        self._whereabouts = Whereabouts(manager.self_id)
        self._referrals = Referrals(bus, manager)
        self._opened = opened
        self._changed = changed
        self._listening = Listening(
            name,
            bus,
            self._transport,
            run=self.run,
            came=self._came,
            refused=self._refused,
            known=lambda host: manager.good_hosts.has(host, bus.loop.time()),
            moved=moved,
        )
        self._gate = NetworkGate() if gate is None else gate
        #: Says how much was not said.
        self._rest: asyncio.TimerHandle | None = None
        self._tasks: dict[asyncio.Task[None], None] = {}
        self._keys = 0
        #: Handshakes under way; a reason: their connection shall end as soon as it is open.
        self._pending: dict[int, str | None] = {}
        #: By node id, or by endpoint where that is not known; by where strangers come from.
        self.failed_dials = Repeats()
        self.refusals = Repeats()
        #: Nobody is let in any more.
        self.closing = False

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Where this node listens, with the real ports."""
        return self._listening.endpoints

    def serves(self, endpoint: Endpoint) -> bool:
        """Whether this node has a transport for it: another one's endpoints it does not dial."""
        return endpoint.scheme in self._transports

    async def listen(self, endpoints: Iterable[Endpoint]) -> None:
        """Listen at these endpoints. Raises ListenFailed."""
        await self._listening.start(endpoints)

    def dial(self, dial: Dial) -> None:
        """Make this dial; it comes back to the manager, or its connection to `opened`."""
        self.run(self._dial(dial), f"dial {dial.endpoint}")

    def doom(self, key: int, reason: str) -> None:
        """The connection of this greeting shall end as soon as it is open; one that is over is ignored."""
        if key in self._pending:
            self._pending[key] = reason

    def doomed(self, key: int) -> str | None:
        """Why the connection of this greeting shall end at once, if it shall."""
        return self._pending.get(key)

    def run(self, work: Coroutine[object, object, None], name: str) -> asyncio.Task[None]:
        """Run this as a task that ends when this is closed, at the latest."""
        task = new_task(work, loop=self._loop, name=f"peerbus {name}", context=self._bus.context.copy())
        self._tasks[task] = None
        task.add_done_callback(self._ran)
        return task

    async def shut(self) -> None:
        """Listen no more, and refuse streams that are being greeted; those that were let in already still come in."""
        self.closing = True
        await self._listening.aclose()

    async def aclose(self) -> None:
        """Listen no more, and end what is half open."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(self.shut(), *tasks, return_exceptions=True)
        if self._rest is not None:
            self._rest.cancel()
        self._log_rest()

    def _ran(self, task: asyncio.Task[None]) -> None:
        self._tasks.pop(task, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("task failed", node=self._name, task=task.get_name(), exc_info=error)

    def _transport(self, endpoint: Endpoint) -> Transport:
        transport = self._transports.get(endpoint.scheme)
        if transport is None:
            raise DialFailed(f"no transport for {endpoint}: this node has {', '.join(sorted(self._transports))}")
        return transport

    # Dialing.

    async def _dial(self, dial: Dial) -> None:
        judged = Judged()
        try:
            transport = self._transport(dial.endpoint)
            if isinstance(transport, ManyPlaces) and dial.endpoint.is_name:
                error = await self._dial_name(dial, transport)
            elif dial.way is not None and dial.endpoint.direct and not self._may_lead_to(dial.endpoint, dial.way):
                raise DialFailed(f"{dial.endpoint} is where nobody outside may send this node")
            else:
                error = await self._dial_place(dial, dial.endpoint, DIAL_TIMEOUT, more=False, judged=judged)
            if error is not None:
                raise error
        except FAILURES as error:
            reason = getattr(error, "reason", "unreachable")
            by_peer = isinstance(error, HandshakeFailed) and error.by_peer
            self._log_failed(dial, reason, error)
            now = self._loop.time()
            self._manager.dial_failed(dial, reason, now, by_peer=by_peer, who=judged.node_id or "")
        except BaseException:
            self._manager.dial_failed(dial, "cancelled", self._loop.time())
            raise
        finally:
            self._changed(Changes())

    async def _dial_name(self, dial: Dial, transport: ManyPlaces) -> Exception | None:
        """Try the places of a name in turn, until one is let in; returns why none was."""
        found = await transport.places(dial.endpoint, timeout=DIAL_TIMEOUT)
        if (way := dial.way) is not None:
            found = tuple(place for place in found if self._may_lead_to(place, way))
            if not found:
                raise DialFailed(f"{dial.endpoint} leads to where nobody outside may send this node")
        places = self._whereabouts.order(found, self._manager.is_linked, self._loop.time())
        until, failures = self._loop.time() + DIAL_TIMEOUT, dict[str, Exception]()
        for number, place in enumerate(places, 1):
            if not self._manager.leads(dial, place, self._loop.time(), further=number > 1):
                failures["unreachable"] = DialFailed(f"{dial.endpoint} leads to {place}, which is dialed often enough")
                continue
            share = max(LEAST_SHARE, (until - self._loop.time()) / (len(places) - number + 1))
            error = await self._dial_place(dial, place, share, more=number < len(places))
            if error is None or not self._manager.goes_on(dial):
                return error
            failures[getattr(error, "reason", "unreachable")] = error
        if not failures:
            return HandshakeFailed("self_dial", f"{dial.endpoint} leads to this node alone")
        # Of several the one that says most of the name: whoever was not reached may be what is looked for.
        return failures.get("unreachable") or failures[max(failures, key=lambda reason: reason != "self_dial")]

    def _may_lead_to(self, place: Endpoint, way: Scope) -> bool:
        here = self._here()
        if not here:  # whoever listens nowhere watches none
            with contextlib.suppress(OSError):
                here = local_addresses()
        return may_lead_to(place, way, here)

    async def _dial_place(
        self, dial: Dial, place: Endpoint, timeout: float, *, more: bool, judged: Judged | None = None
    ) -> Exception | None:
        """Dial one place, and greet who is there; returns why that came to nothing."""
        judged = Judged() if judged is None else judged
        try:
            stream = await self._transport(place).dial(place, expect=dial.node_id, timeout=timeout)
            judged.node_id, judged.remote = stream.peer_id, stream.remote
            await self._greet(stream, judged, dial, place=place if place != dial.endpoint else None, more=more)
        except FAILURES as error:
            if getattr(error, "reason", "") == "self_dial":
                judged.node_id = self._manager.self_id
            self._note(dial, place, judged, worked=False)
            if isinstance(error, HandshakeFailed):
                self._referrals.heard(judged.node_id or dial.node_id, judged.remote or place, error.records)
            return error
        self._note(dial, place, judged, worked=True)
        return None

    def _note(self, dial: Dial, place: Endpoint, judged: Judged, *, worked: bool) -> None:
        if dial.endpoint.is_name:
            self._whereabouts.answered(place, judged.node_id, self._loop.time(), worked=worked)

    def _log_failed(self, dial: Dial, reason: str, error: Exception) -> None:
        endpoint = str(dial.endpoint)
        text = str(error) if isinstance(error, DialFailed) else f"{endpoint}: {error}"
        told = self._told(self.failed_dials, dial.node_id or endpoint, f"{reason} {endpoint}", text)
        if told is not None:
            pinned = self._manager.pinned(dial.endpoint) if reason == "node_id" else None
            if pinned is not None:
                log.warning(
                    "another node answers where this one was met first, and is refused",
                    node=self._name,
                    endpoint=endpoint,
                    peer=pinned,
                    error=str(error),
                    failures=told.failures,
                    hint=InFull(f"if the node there was replaced: peerbus peers forget {pinned}"),
                )
            (log.warning if isinstance(error, IdentityInUse) else log.info)(
                "dial failed" if told.failures == 1 else "dial failed again",
                node=self._name,
                endpoint=endpoint,
                reason=reason,
                error=str(error),
                failures=told.failures,
                seconds=round(told.seconds, 3),
            )
            self._bus.publish(PeerNotReached(endpoint, dial.node_id, reason, str(error), told.failures))

    def _told(self, repeats: Repeats, thing: str, reason: str, text: str) -> Repeated | None:
        told = repeats.failed(thing, reason, self._loop.time(), text)
        if repeats.pace.due() and self._rest is None:
            self._rest = self._loop.call_later(1.0, self._log_rest)
        return told

    def _log_rest(self) -> None:
        self._rest = None
        dials, refused = self.failed_dials.pace.rest(), self.refusals.pace.rest()
        if dials:
            log.info("more failed dials", node=self._name, unlogged=dials)
        if refused:
            log.info("more refused connections", node=self._name, unlogged=refused)

    def _log_reached(self, node_id: str, dial: Dial | None) -> None:
        for thing in (node_id,) if dial is None else (node_id, str(dial.endpoint)):
            if before := self.failed_dials.succeeded(thing, self._loop.time()):
                log.info(
                    "reached after failed dials",
                    node=self._name,
                    peer=node_id,
                    failures=before.failures,
                    seconds=round(before.seconds, 3),
                )

    # Accepting.

    def _came(self, stream: Stream) -> None:
        # Cancelled before its first step, it would leave the stream open.
        self.run(self._welcome(stream), f"greet {stream.remote}").add_done_callback(partial(_close_unowned, stream))

    async def _welcome(self, stream: Stream) -> None:
        reason = ""
        judged = Judged()
        try:
            await self._greet(stream, judged, None)
        except Exception as error:  # noqa: BLE001  # whatever a stranger can bring about, he is refused for it
            reason = "protocol" if isinstance(error, ProtocolError) else getattr(error, "reason", "closed")
            self._refused(stream.remote, error, counted=judged.refused)
        finally:
            if isinstance(stream, Provisional):
                stream.settle(reason)
            self._changed(Changes())  # one that was let in and broke off may be wanted

    def _refused(self, remote: Endpoint | None, error: Exception, *, counted: bool = False) -> None:
        reason, counts = getattr(error, "reason", type(error).__name__), self._manager.refused
        if not counted and not getattr(error, "by_peer", False):
            counts[bounded(counts, reason)] += 1
        who = "" if remote is None else remote.host or str(remote)
        if told := self._told(self.refusals, who, reason, str(error)):
            expected = isinstance(error, PeerbusError | OSError)
            (log.warning if isinstance(error, IdentityInUse) else log.info if expected else log.error)(
                "connection refused",
                node=self._name,
                remote=None if remote is None else str(remote),
                reason=reason,
                error=str(error),
                times=told.failures,
                exc_info=None if expected else error,
            )
            self._bus.publish(PeerRefused(None if remote is None else str(remote), reason, str(error), told.failures))

    # Greeting, either way.

    async def _greet(
        self, stream: Stream, judged: Judged, dial: Dial | None, *, place: Endpoint | None = None, more: bool = False
    ) -> None:
        self._keys += 1
        key = self._keys
        self._pending[key] = None

        def judge(peer: Hello) -> tuple[str, str, tuple[bytes, ...]] | None:
            if self.closing or self._bus.closing:
                return "shutting_down", f"{self._name} is shutting down", ()
            host = stream.remote.host or None
            epoch = peer.clock / 1000
            proven = stream.peer_id is not None
            offers = self._rules.permissions.believed(peer.offers, judged.subject(peer.node_id, proven))
            attempt = Attempt(peer.node_id, peer.incarnation, key, dial, offers, host, place, more, epoch, proven)
            verdict = self._manager.authenticated(attempt, self._loop.time())
            if isinstance(verdict, Accept):
                judged.accepted = peer.node_id
                return None
            now, judged.refused = self._loop.time(), True
            others = self._referrals.for_refused(peer.node_id, verdict.reason, stream.remote, now)
            return verdict.reason, verdict.text, others if dial is None else ()

        try:
            greeted = await greet(
                stream,
                self._hello(stream.remote),
                judge,
                dialed=dial is not None,
                expected_id=None if dial is None else dial.node_id,
                rules=self._gate.rules,
                entered=judged.entered,
                addressed=lambda own, shown: self._rules.addressed(own, Subject.of(shown)),
            )
            self._opened(greeted, key)
            self._log_reached(greeted.peer.node_id, dial)
        except BaseException as error:
            stream.abort()
            if stream.peer_id is not None and _is_fault(error, dialed=dial is not None):
                faults = self._manager.misbehaved(stream.peer_id, ScoreReason.PROTOCOL, self._loop.time())
                self._changed(faults)
            if judged.accepted is not None:
                reason = getattr(error, "reason", "broken")
                self._changed(self._manager.disconnected(judged.accepted, key, reason, self._loop.time()))
            raise
        finally:
            self._pending.pop(key, None)


def _is_fault(error: BaseException, *, dialed: bool) -> bool:
    """Whether a greeting failed as a proven node broke the protocol, or says that it is somebody else."""
    if isinstance(error, ProtocolError):
        return True
    lies = isinstance(error, HandshakeFailed) and error.reason == "node_id" and not error.by_peer
    return lies and not dialed  # whoever was dialed may be somebody else, and say so


def _close_unowned(stream: Stream, greeting: asyncio.Task[None]) -> None:
    if greeting.cancelled():
        stream.abort()
