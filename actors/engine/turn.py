"""One turn of an actor on the event loop: what is in its mailbox, handled with no call but those of its handlers.

As `Cell.drain` in meaning. Apart from it because here every call counts: a tell that a method takes costs 0.9 µs from
call to handled, message included, against 1.03 µs with `take` and `handle` called; by `on_receive` 0.86 against 1.2.
All that is out of the ordinary is left to the two. Its steps stand under a heading each and not in functions of their
own: with the third one in a function a tell executes 13 % more instructions (callgrind).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..mailbox import KEPT_LANES
from .addressee import PYKKA_MESSAGES
from .life_end import HALT
from .timers import Tick
from .turn_pace import BATCH, BRISK, LIGHT, ROUNDS, SPAN, STEPS, UNSEEN, UNSEEN_OF_PEERS, until_look

if TYPE_CHECKING:
    from ..mailbox import Carrier, Envelope
    from .behaviour import Behaviour
    from .cell import Cell
    from .held_cell import HeldCell

__all__ = ["run_turn", "timed_turn"]

#: What no method of an actor takes as it is: Pykka's own messages, and what timers put.
NOT_PLAIN = frozenset((*PYKKA_MESSAGES, Tick))


def run_turn(cell: HeldCell) -> None:
    """Handle messages of a running actor on its mailbox's thread, as many as `turn_pace` lets it."""
    mailbox, actor = cell.mailbox, cell.actor
    assert actor is not None
    user = mailbox._user
    turns, lanes = user.turns, user.lanes
    lane: deque[Envelope] = deque()
    # What takes messages of this class: looked up where the one before was of another.
    kind: type | None = None
    function: Callable[..., object] | None = None
    wants_sender = bound = False
    # Credit of what left the mailbox, to be returned in one word: nothing is written before this turn ends.
    carrier: Carrier | None = None
    messages = size = handled = 0
    most = ROUNDS * BATCH if mailbox._free <= 0 else BATCH
    # Messages until the clock is looked at, and between two looks at most; when the first one had been handled.
    step, unseen, began = 1, UNSEEN, -1.0
    try:
        while True:
            for _ in range(step):
                # 1. The next message. As `take`, where there is one source, which is nearly always.
                if len(turns) == 1 and not mailbox._slow and not mailbox._system:
                    if not lane:  # one that holds something is in its turn, see `FairQueue`
                        lane = turns[0]
                    envelope = lane.popleft()
                    if not lane:
                        turns.popleft()
                        if len(lanes) > KEPT_LANES:
                            del lanes[envelope.source]
                    mailbox._free += 1
                    if envelope.size:
                        mailbox.bytes -= envelope.size
                        if envelope.carrier is not carrier:
                            if carrier is not None:
                                carrier.dequeued(messages, size)
                            carrier, messages, size = envelope.carrier, 0, 0
                        messages += 1
                        size += envelope.size
                        if envelope.size > LIGHT:
                            unseen = UNSEEN_OF_PEERS
                else:
                    taken = mailbox.take()
                    if taken is None:
                        cell.current = None
                        if mailbox.rest():
                            return
                        continue
                    envelope = taken
                    if envelope.size > LIGHT:
                        unseen = UNSEEN_OF_PEERS
                # 2. What takes it, and whether `handle` has to look at it.
                message = envelope.message
                if message.__class__ is not kind:
                    kind = message.__class__
                    function, wants_sender, bound = _what_takes(cell, actor, kind)
                reply = envelope.reply
                if function is None or (reply is not None and (cell.shedder is not None or reply.done())):
                    reply = None  # as below
                    result = cell.handle(envelope)
                else:
                    # 3. As in `handle`, without the call: what a method of the actor takes.
                    cell.current = envelope
                    try:
                        if bound:
                            result = function(message)
                        elif wants_sender:
                            result = function(actor, message, envelope.sender)
                        else:
                            result = function(actor, message)
                    except BaseException as error:  # noqa: BLE001  # the supervisor decides
                        reply = None  # the error keeps this frame, see outcome
                        result = cell.failed(envelope, error)
                    else:
                        if result is None or not hasattr(result, "__await__"):
                            if reply is not None and (cell.stash is None or not cell.is_aside(envelope)):
                                reply.succeed(result)
                            continue
                # 4. A handler that goes on later, or the end of the actor, ends the turn.
                if result is not None:
                    if result is not HALT:
                        cell.suspend(envelope, result)
                    return
            # 5. Whether others are to have their turn first.
            handled += step
            if handled >= most:
                break
            if turns:  # else this was the last, and it is not looked at the clock for it
                now = cell.loop.time()
                began = now if began < 0 else began
                # As `until_look`, without the call, where handlers are fast.
                if now - began < (BRISK if handled < BATCH else SPAN) and unseen == UNSEEN:
                    step = STEPS[handled % BATCH]
                else:
                    step = until_look(handled, now - began, unseen)
                    if not step:
                        break
        # 6. They are.
        _give_way(cell)
    finally:
        if carrier is not None:
            carrier.dequeued(messages, size)


def _what_takes(cell: HeldCell, actor: Behaviour, kind: type) -> tuple[Callable[..., object] | None, bool, bool]:
    """What takes messages of a class, whether it wants the sender, and has the actor; None: `handle` has to look."""
    handler = cell.handlers.get(kind)
    if handler is None:
        return (actor.on_receive if actor.__receives__ and kind not in NOT_PLAIN else None), False, True
    return (None if handler[2] else handler[0]), handler[1], False


def _give_way(cell: HeldCell) -> None:
    """Others have their turn, and the cell another one after them."""
    cell.current = None
    bus = cell.bus
    if bus is not None:
        bus.arrivals.note(cell)
    cell.again()


def timed_turn(cell: Cell, turn: Callable[[], object]) -> None:
    """Have the cell take a turn; where its mark is in it, note how long that stayed, and how long messages took.

    Not how long where one of them is awaited now.
    """
    mailbox, bus, mark = cell.mailbox, cell.bus, cell.mark
    if bus is None:  # nobody counts it
        turn()
        return
    clock = bus.timings.clock
    before = mailbox.delivered - mailbox.queued
    began = clock()
    turn()
    took = clock() - began
    taken = mailbox.delivered - mailbox.queued - before
    if mark is not None:
        place = mark[0] - before  # among those of this turn
        if place > taken:
            return
        cell.mark = None
        if place > 0:
            bus.timings.waited(cell.channel_name, began - mark[1] + took * (place - 1) / taken)
    if taken > 0 and cell.standing()[0] is None:
        bus.timings.took(cell.channel_name, took, taken)
