"""Whole nodes on a network that one can break: simulated on virtual time from a seed, or in real time."""

from __future__ import annotations

from .conditions import Conditions, LogNormal, Uniform
from .failures import Deadlocked, EscapedSimulation, LeftBehind, NotReached, SimulationFailed
from .faulty_network import FaultyNetwork
from .members import NodeArguments
from .nodes import Nodes
from .simulation import Simulation
from .trace import Event, Trace
from .virtual_loop import VirtualLoop

__all__ = [
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
]
