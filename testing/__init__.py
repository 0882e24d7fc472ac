"""Tools for testing what is built on peerbus: probes, an actor run alone, suites for its contracts, a pytest plugin.

Nothing is imported before it is used: pytest loads the plugin in projects that have no test of a bus too.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .alone import Alone
    from .conditions import Conditions, LogNormal, Uniform
    from .discovery_suite import FinderPlace, check_discovery
    from .effects import (
        Answered,
        Asked,
        Effect,
        Failed,
        Published,
        Spawned,
        Stopped,
        TimerSet,
        Told,
        Unwatched,
        Watched,
    )
    from .failures import Deadlocked, EscapedSimulation, LeftBehind, NotReached, SimulationFailed
    from .faulty_network import FaultyNetwork
    from .leaks import Leaks, tasks_left
    from .members import NodeArguments
    from .nodes import Nodes
    from .peer_probe import PeerProbe
    from .probe import Probe
    from .probes import Probes
    from .recorder import Received
    from .settle import settled
    from .simulation import Simulation
    from .trace import Event, Trace
    from .transport_suite import TransportPair, check_transport
    from .virtual_loop import VirtualLoop

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

#: The module of each export.
_HOMES = {
    "alone": ("Alone",),
    "conditions": ("Conditions", "LogNormal", "Uniform"),
    "discovery_suite": ("FinderPlace", "check_discovery"),
    "effects": (
        "Answered",
        "Asked",
        "Effect",
        "Failed",
        "Published",
        "Spawned",
        "Stopped",
        "TimerSet",
        "Told",
        "Unwatched",
        "Watched",
    ),
    "failures": ("Deadlocked", "EscapedSimulation", "LeftBehind", "NotReached", "SimulationFailed"),
    "faulty_network": ("FaultyNetwork",),
    "leaks": ("Leaks", "tasks_left"),
    "peer_probe": ("PeerProbe",),
    "probe": ("Probe",),
    "probes": ("Probes",),
    "recorder": ("Received",),
    "settle": ("settled",),
    "members": ("NodeArguments",),
    "nodes": ("Nodes",),
    "simulation": ("Simulation",),
    "trace": ("Event", "Trace"),
    "transport_suite": ("TransportPair", "check_transport"),
    "virtual_loop": ("VirtualLoop",),
}


if not TYPE_CHECKING:  # a type checker shall see that a name is not there

    def __getattr__(name: str) -> object:
        for home, names in _HOMES.items():
            if name in names:
                return getattr(import_module(f".{home}", __name__), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
