"""Tools for testing what is built on peerbus: probes, an actor run alone, suites for its contracts, a pytest plugin.

Nothing is imported before it is used: pytest loads the plugin in projects that have no test of a bus too.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .kit import (
        Alone,
        Answered,
        Asked,
        Effect,
        Failed,
        PeerProbe,
        Probe,
        Probes,
        Published,
        Received,
        Spawned,
        Stopped,
        TimerSet,
        Told,
        Unwatched,
        Watched,
        settled,
    )
    from .leaks import Leaks, tasks_left
    from .sim import (
        Conditions,
        Deadlocked,
        EscapedSimulation,
        Event,
        FaultyNetwork,
        LeftBehind,
        LogNormal,
        NodeArguments,
        Nodes,
        NotReached,
        Simulation,
        SimulationFailed,
        Trace,
        Uniform,
        VirtualLoop,
    )
    from .suites import FinderPlace, TransportPair, check_discovery, check_transport

__all__ = [
    "Alone",
    "Answered",
    "Asked",
    "Conditions",
    "Deadlocked",
    "Effect",
    "EscapedSimulation",
    "Event",
    "Failed",
    "FaultyNetwork",
    "FinderPlace",
    "Leaks",
    "LeftBehind",
    "LogNormal",
    "NodeArguments",
    "Nodes",
    "NotReached",
    "PeerProbe",
    "Probe",
    "Probes",
    "Published",
    "Received",
    "Simulation",
    "SimulationFailed",
    "Spawned",
    "Stopped",
    "TimerSet",
    "Told",
    "Trace",
    "TransportPair",
    "Uniform",
    "Unwatched",
    "VirtualLoop",
    "Watched",
    "check_discovery",
    "check_transport",
    "settled",
    "tasks_left",
]

#: The room of each export.
_HOMES = {
    "kit": (
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
        "TimerSet",
        "Told",
        "Unwatched",
        "Watched",
        "settled",
    ),
    "leaks": ("Leaks", "tasks_left"),
    "sim": (
        "Conditions",
        "Deadlocked",
        "EscapedSimulation",
        "Event",
        "FaultyNetwork",
        "LeftBehind",
        "LogNormal",
        "NodeArguments",
        "Nodes",
        "NotReached",
        "Simulation",
        "SimulationFailed",
        "Trace",
        "Uniform",
        "VirtualLoop",
    ),
    "suites": (
        "FinderPlace",
        "TransportPair",
        "check_discovery",
        "check_transport",
    ),
}


if not TYPE_CHECKING:  # a type checker shall see that a name is not there

    def __getattr__(name: str) -> object:
        for home, names in _HOMES.items():
            if name in names:
                return getattr(import_module(f".{home}", __name__), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name, obj=sys.modules[__name__])


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
