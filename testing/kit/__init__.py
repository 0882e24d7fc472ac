"""What a test of one actor or one bus needs: probes, an actor run alone, recorders, leaks, time that a test moves."""

from __future__ import annotations

from .alone import Alone
from .effects import Answered, Asked, Effect, Failed, Published, Spawned, Stopped, TimerSet, Told, Unwatched, Watched
from .peer_probe import PeerProbe
from .probe import Probe
from .probes import Probes
from .recorder import Received
from .settle import settled
from .timeline import Timeline

__all__ = [
    "Alone",
    "Answered",
    "Asked",
    "Effect",
    "Failed",
    "PeerProbe",
    "Probe",
    "Probes",
    "Published",
    "Received",
    "Spawned",
    "Stopped",
    "Timeline",
    "TimerSet",
    "Told",
    "Unwatched",
    "Watched",
    "settled",
]
