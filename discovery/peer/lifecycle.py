"""The life of a peer as one table: every state it can be in, and every step between them."""

# Rule 1. A peer is in exactly one state, and changes it only through `next_state`.
# Rule 2. Time is no state: a peer that waits out a backoff or a cooldown is IDLE, and due later.
# Rule 3. A dial may still be out when the peer connects to us first. The connection decides the state; when it
#         is lost the peer is DIALING again (LOSE_DIALING), so that nobody dials it twice.

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["LINKED", "TRANSITIONS", "UP", "PeerState", "PeerStep", "next_state"]


class PeerState(enum.StrEnum):
    """Where a peer stands."""

    IDLE = "idle"
    """Known; no connection, no dial."""
    DIALING = "dialing"
    """A dial was handed out and has not come back; no connection."""
    CONNECTED = "connected"
    """Authenticated and accepted; not announced yet."""
    READY = "ready"
    """Announced up; its first connection carries messages."""
    RENEWING = "renewing"
    """Announced up; that connection was lost while its replacement, already accepted, is getting ready."""
    EVICTING = "evicting"
    """Announced down, or never up; its connection was told to close, or the peer leaves, and still holds its slot."""


class PeerStep(enum.Enum):
    """What moves a peer from one state to the next."""

    CLAIM = "claim"
    """A dial was handed out."""
    DIAL_ENDED = "dial_ended"
    """The dial came back, with a connection or without."""
    ADMIT = "admit"
    """A connection was accepted."""
    READY = "ready"
    """A connection can carry messages."""
    SWITCH = "switch"
    """The ready connection was lost; a younger one of the same incarnation remains."""
    RESTART = "restart"
    """The announced incarnation has no connection left; one of another incarnation remains."""
    EVICT = "evict"
    """We decided to close it."""
    LOSE = "lose"
    """The last connection was lost; no dial is out."""
    LOSE_DIALING = "lose_dialing"
    """The last connection was lost while a dial is still out."""


TRANSITIONS: Mapping[PeerState, Mapping[PeerStep, PeerState]] = MappingProxyType(
    {
        PeerState.IDLE: {
            PeerStep.CLAIM: PeerState.DIALING,
            PeerStep.ADMIT: PeerState.CONNECTED,
        },
        PeerState.DIALING: {
            PeerStep.DIAL_ENDED: PeerState.IDLE,
            PeerStep.ADMIT: PeerState.CONNECTED,
        },
        PeerState.CONNECTED: {
            PeerStep.DIAL_ENDED: PeerState.CONNECTED,
            PeerStep.ADMIT: PeerState.CONNECTED,
            PeerStep.READY: PeerState.READY,
            PeerStep.EVICT: PeerState.EVICTING,
            PeerStep.LOSE: PeerState.IDLE,
            PeerStep.LOSE_DIALING: PeerState.DIALING,
        },
        PeerState.READY: {
            PeerStep.DIAL_ENDED: PeerState.READY,
            PeerStep.ADMIT: PeerState.READY,
            PeerStep.READY: PeerState.READY,
            PeerStep.SWITCH: PeerState.RENEWING,
            PeerStep.RESTART: PeerState.CONNECTED,
            PeerStep.EVICT: PeerState.EVICTING,
            PeerStep.LOSE: PeerState.IDLE,
            PeerStep.LOSE_DIALING: PeerState.DIALING,
        },
        PeerState.RENEWING: {
            PeerStep.DIAL_ENDED: PeerState.RENEWING,
            PeerStep.ADMIT: PeerState.RENEWING,
            PeerStep.READY: PeerState.READY,
            PeerStep.RESTART: PeerState.CONNECTED,
            PeerStep.EVICT: PeerState.EVICTING,
            PeerStep.LOSE: PeerState.IDLE,
            PeerStep.LOSE_DIALING: PeerState.DIALING,
        },
        PeerState.EVICTING: {
            PeerStep.DIAL_ENDED: PeerState.EVICTING,
            PeerStep.LOSE: PeerState.IDLE,
            PeerStep.LOSE_DIALING: PeerState.DIALING,
        },
    }
)

#: States in which the peer has a connection, and so holds a slot.
LINKED = frozenset({PeerState.CONNECTED, PeerState.READY, PeerState.RENEWING, PeerState.EVICTING})
#: States in which subscribers were told `PeerUp` and no `PeerDown` since.
UP = frozenset({PeerState.READY, PeerState.RENEWING})


def next_state(state: PeerState, step: PeerStep) -> PeerState:
    """The one door. Raises RuntimeError for a step that the table does not have: a defect of the caller."""
    try:
        return TRANSITIONS[state][step]
    except KeyError:
        raise RuntimeError(f"a peer that is {state.value} cannot take the step {step.value}") from None
