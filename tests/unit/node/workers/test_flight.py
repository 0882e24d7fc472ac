from __future__ import annotations

import asyncio

from peerbus.actors.base import SendError
from peerbus.actors.mailbox import Envelope
from peerbus.node.workers.flight import CreditWait, Flight
from peerbus.transports.lanes import HandedAsk


def standing(flight: Flight) -> bool:
    return flight.waits is not None


async def test_what_waits_for_credit_goes_as_long_as_somebody_waits_for_its_answer() -> None:
    refused: list[SendError] = []
    flight = Flight(Envelope("message"))
    flight.waits = waits = CreditWait(Envelope("message"), flight, refused.append)
    assert waits.admitted(), "nobody waits for the answer to a tell"
    assert not standing(flight)
    flight.ask = ask = HandedAsk(loop=asyncio.get_running_loop())
    flight.waits = waits
    assert waits.admitted()
    ask.abandon = lambda _: "credit"
    ask.slot = None
    ask.cancel()
    assert not waits.admitted()
    flight.waits = waits
    error = SendError("never")
    waits.refused(error)
    assert (refused, standing(flight), flight.written) == ([error], False, False)
