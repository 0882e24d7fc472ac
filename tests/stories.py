"""What happens when a random program runs, and the laws that it has to keep.

1. At no quiet moment is there both room and somebody who waits, or something queued that nobody will look at.
2. Every send ends by its deadline, at most one slot of the wheel late, with an outcome or an error that has a reason;
   nobody is cancelled whom nobody cancels.
3. The ledger adds up, and has every send once.
4. A watcher hears of each end exactly once.
5. Nothing is left when all has stopped: no actor, task or timer.
6. Messages of one sender are begun in the order in which they were sent, each once.
7. What failed before it was handled is not handled afterwards; what was accepted is handled, or is a dead letter.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

from players import DOS, Player, data_of
from told_sends import Place, Sent, SentMany, Watch

from peerbus.actors import (
    EVERYONE,
    LOCAL,
    Address,
    GroupAddress,
    Peer,
    QuorumFailed,
    Ref,
    RemoteError,
    Results,
    Role,
    SendError,
    Several,
    Terminated,
    WouldDeadlock,
)
from peerbus.actors.sends.ask import AskWaiting
from peerbus.actors.sends.many import Many as ManyOutcome
from peerbus.actors.sends.waiting import Waiting
from peerbus.testing import Simulation

__all__ = ["ROLE", "Story"]

#: What every node offers.
ROLE = "player"


class Story:
    """Carries out a program and keeps what everybody says about it."""

    def __init__(self, sim: Simulation) -> None:
        self.sim = sim
        #: What is sent: a message of either kind.
        self.kind = DOS[sim.seed % len(DOS)]
        self.places: dict[str, Place] = {}
        self.sends: dict[int, Sent] = {}
        self.ticks = 0
        self.broken: list[str] = []
        #: Messages that were put aside: they are begun twice.
        self.asides: set[int] = set()
        #: Messages that began to be handled, with the URNs of who did.
        self.begun: dict[int, list[str]] = {}
        #: Why a message became a dead letter, on which node.
        self.dead: dict[tuple[str, int], list[str]] = {}
        #: What sends ended with for a second one who awaited them.
        self.twice: list[tuple[Sent, object]] = []
        self._order = 0
        self._last: dict[tuple[str, object], int] = {}
        self._last_of_many: dict[tuple[str, SentMany], int] = {}
        self._built: set[str] = set()
        self.watched: dict[tuple[str, str], list[Watch]] = {}

    # What players say.

    def builds(self, player: Player) -> bool:
        """An actor starts. True: for the first time."""
        first = player.actor_urn not in self._built
        self._built.add(player.actor_urn)
        return first

    def begins(self, player: Player, number: int) -> None:
        """A message begins to be handled."""
        sent, before = self.sends[number], self.begun.setdefault(number, [])
        if before and number not in self.asides and not sent.again:
            self.broken.append(f"law 6: {sent} is handled a second time")
        # A tell that is cancelled in the very moment in which it gets room has been sent.
        refused = isinstance(sent.result, SendError)
        over = sent.ended is not None and (refused or sent.verb == "ask")
        if not before and sent.local and over:
            self.broken.append(f"law 7: {sent} ended with {sent.result!r}, and is handled afterwards")
        before.append(player.actor_urn)
        if len(before) == 1 and sent.source is not None and player.in_order:
            key = player.actor_urn, sent.source
            if sent.order < self._last.get(key, 0):
                self.broken.append(f"law 6: {sent} overtook, or was overtaken by, another of the same sender")
            self._last[key] = sent.order
        if len(before) == 1 and sent.many is not None and player.in_order:
            many = player.actor_urn, sent.many
            if number < self._last_of_many.get(many, 0):
                self.broken.append(f"law 6: {sent} was overtaken by another of the same tell_many")
            self._last_of_many[many] = number

    def hears(self, player: Player, fact: Terminated) -> None:
        """A watcher hears of an end."""
        watches = self.watched.get((player.actor_urn, str(fact.address)))
        if not watches:
            self.broken.append(f"law 4: {player} hears of the end of {fact.address} without a watch, or twice")
        else:
            watches.pop(0)

    def watches(self, player: Player, to: str) -> None:
        """A player watches."""
        target = self._watchable(player, to)
        address = target.address if isinstance(target, Ref) else target
        assert address is not None
        watches = self.watched.setdefault((player.actor_urn, str(address)), [])
        urn = self._urn(player.node, target)
        if urn is None or all(watch.target != urn for watch in watches):
            watches.append(Watch(urn))
        player.watch(target)

    def unwatches(self, player: Player, to: str) -> None:
        """A player watches no longer; it may still hear of an end that was before."""
        target = self._watchable(player, to)
        address = target.address if isinstance(target, Ref) else target
        urn = self._urn(player.node, target)
        watches = self.watched.get((player.actor_urn, str(address)), [])
        watches[:] = [watch for watch in watches if watch.target is None or watch.target != urn]
        player.unwatch(target)

    def _watchable(self, player: Player, to: str) -> Ref[Any] | Address[Any]:
        where, _, name = to.partition("/")
        found = self.address(player.node, f"{where}/{name}" if where in ("ref", "peer") else f"local/{name}")
        assert not isinstance(found, GroupAddress)
        return found

    def _urn(self, node: str, target: Ref[Any] | Address[Any]) -> str | None:
        address = target.address if isinstance(target, Ref) else target
        if address is None or isinstance(address.where, Peer):
            return None
        cell = self.places[node].bus.cell(address.reactor)
        if cell is None or (isinstance(target, Ref) and target.actor_urn != cell.urn):
            return None
        return cell.urn

    # Sending.

    def address(self, node: str, to: str) -> Ref[Any] | Address[Any] | GroupAddress[Any]:
        """What a text means on that node."""
        where, _, name = to.partition("/")
        match where:
            case "ref":
                return self.places[node].refs.get(name) or LOCAL / name
            case "role":
                return Role(ROLE) / name
            case "role-all":
                return Role(ROLE, "all") / name
            case "role-2":
                return Role(ROLE, Several(2)) / name
            case "all":
                return EVERYONE / name
            case "peer":
                others = [place.door for other, place in self.places.items() if other != node]
                return Peer(others[0].node_id) / name if others else LOCAL / name
            case _:
                return LOCAL / name

    def send(
        self,
        node: str,
        verb: str,
        to: str | Ref[Any],
        script: str,
        timeout: float,
        *,
        by: Player | None = None,
        option: str = "",
    ) -> Sent:
        """Make a send from a player, or from plain code of a node."""
        target = self.address(node, to) if isinstance(to, str) else to
        now, number = self.sim.time, len(self.sends) + 1
        text = f"{by or 'plain code'} on {node} {verb}s {to}: {script!r} within {timeout} s {option}".rstrip()
        where = LOCAL if isinstance(target, Ref) else target.where
        one = where is LOCAL or isinstance(where, Peer)
        source: object = (node if by is None else by.actor_urn) if one and option != "wait" else None
        sent = Sent(number, node, text, verb, where is LOCAL, not one, now, now + timeout, source)
        self.sends[number] = sent
        self._enters(sent)
        options: dict[str, Any] = {}
        match option.split():
            case ["quorum", count]:
                options["quorum"] = int(count)
            case ["hedge", seconds]:
                options["hedge"] = float(seconds)
            case ["wait"]:
                options["wait_for_peer"] = True
        door: Any = self.places[node].door if by is None else by
        message = self.kind(number, script, data_of(script))
        try:
            sent.outcome = getattr(door, verb)(target, message, timeout=timeout, **options)
        except Exception as error:  # noqa: BLE001  # no send may raise at once: that is a law as well
            self.broken.append(f"law 2: {sent} raises {error!r} where it is called")
        return sent

    def send_many(
        self,
        node: str,
        to: str,
        script: str,
        timeout: float,
        count: int,
        *,
        by: Player | None = None,
        made: bool = False,
    ) -> SentMany:
        """Make a `tell_many` from a player, or from plain code of a node."""
        target = self.address(node, to)
        now = self.sim.time
        where = LOCAL if isinstance(target, Ref) else target.where
        one = where is LOCAL or isinstance(where, Peer)
        source: object = (node if by is None else by.actor_urn) if one else None
        many = SentMany([])
        for place in range(count):
            number = len(self.sends) + 1
            text = f"{by or 'plain code'} on {node} tells {to} as {place} of {count}: {script!r} within {timeout} s"
            sent = Sent(number, node, text, "tell", where is LOCAL, not one, now, now + timeout, source, many=many)
            self.sends[number] = sent
            self._enters(sent)
            many.sends.append(sent)
        messages = [self.kind(sent.number, script, data_of(script)) for sent in many.sends]

        def draw() -> Iterator[object]:
            for message in messages:
                many.drawn += 1
                yield message

        if not made:
            many.drawn = count
        door: Any = self.places[node].door if by is None else by
        try:
            many.outcome = door.tell_many(target, draw() if made else messages, timeout=timeout)
        except Exception as error:  # noqa: BLE001  # as above
            self.broken.append(f"law 2: a tell_many to {to} raises {error!r} where it is called")
        if isinstance(many.outcome, ManyOutcome):
            # Those that wait take their places later, and others of the same sender in between.
            for sent in many.sends[many.outcome._supply.accepted :]:
                sent.source = None
        return many

    async def end_many(self, many: SentMany) -> None:
        """Await a `tell_many`."""
        outcome, many.outcome = many.outcome, None
        for sent in many.sends:
            sent.awaited = self.sim.time
        result: object = None
        try:
            result = await outcome
        except asyncio.CancelledError as error:
            result = error
            raise
        except Exception as error:  # noqa: BLE001  # it is looked at below
            result = error
        finally:
            del outcome
            many.forget()
            if not isinstance(result, asyncio.CancelledError):
                self._look_at_many(many, result)
            for place, sent in enumerate(many.sends):
                if isinstance(result, asyncio.CancelledError):
                    sent.result, sent.local = result, False  # nobody says how many were accepted
                elif isinstance(result, SendError) and place >= (result.accepted or 0) and place < many.drawn:
                    sent.result = result
                sent.ended = self.sim.time
                self._ends(sent)
            del result

    def _look_at_many(self, many: SentMany, result: object) -> None:
        counts: list[object] = [result]
        if isinstance(result, Results):
            counts = [*result.answers.values(), *result.errors.values()]
        for count in counts:
            if isinstance(count, SendError):
                place = -1 if count.accepted is None else count.accepted
                if not 0 <= place < len(many.sends) or count.message.number != many.sends[place].number:  # type: ignore[attr-defined]  # a Do
                    self.broken.append(f"law 2: a tell_many stopped at {count!r}, {place} of {many.sends}")
            elif count != len(many.sends):
                self.broken.append(f"law 2: a tell_many of {len(many.sends)} ended with {count!r}")

    def _enters(self, sent: Sent) -> None:
        self._order += 1
        sent.order = self._order

    async def end(self, sent: Sent) -> None:
        """Await a send."""
        outcome, sent.outcome = sent.outcome, None
        sent.awaited = self.sim.time
        if isinstance(outcome, Waiting | AskWaiting):
            self._enters(sent)  # it takes its place now
        try:
            sent.result = await outcome
        except asyncio.CancelledError as error:
            sent.result = error
            task = asyncio.current_task()
            if task is not None and not task.cancelling():
                self.broken.append(f"law 2: {sent} is cancelled by nobody")
            raise
        except Exception as error:  # noqa: BLE001  # it is looked at below
            sent.result = error
        finally:
            del outcome
            sent.ended = self.sim.time
            self._ends(sent)

    async def end_again(self, sent: Sent, outcome: Any) -> None:
        """Await it beside `end`, some time: it is one send, and ends in one way."""
        await asyncio.sleep(self.sim.rng.choice([0.0, 0.01, 0.5]))
        try:
            result: object = await outcome
        except Exception as error:  # noqa: BLE001  # what the other got as well
            result = error
        self.twice.append((sent, result))

    def _ends(self, sent: Sent) -> None:
        assert sent.ended is not None
        if sent.ended > sent.due:
            self.broken.append(f"law 2: {sent} ended at {sent.ended:.3f}, after {sent.due:.3f}: {sent.result!r}")
        why = _wrong(sent, sent.result)
        if why:
            self.broken.append(f"law 2: {sent} ended with {why}")


def _wrong(sent: Sent, result: object) -> str:
    """What is wrong with what a send ended with."""
    if isinstance(result, asyncio.CancelledError):
        return ""
    if isinstance(result, SendError):
        return "" if result.reason else f"no reason: {result!r}"
    if isinstance(result, RemoteError | QuorumFailed | WouldDeadlock):
        return "" if sent.verb == "ask" else f"{result!r}, although it asked nothing"
    if isinstance(result, BaseException):
        return f"an error that no send has: {result!r}"
    if isinstance(result, Results):
        wrongs = [_wrong(sent, error) for error in result.errors.values()]
        wrongs += [_wrong(sent, answer) for answer in result.answers.values()]
        return "; ".join(filter(None, wrongs))
    wanted = sent.number if sent.verb == "ask" else None
    return "" if result == wanted else f"{result!r} in place of {wanted!r}"
