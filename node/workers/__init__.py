"""Worker processes of a node: started, linked, supervised and ended by it; and what runs in them."""

from __future__ import annotations

from .calling import CalledNode, keep_calling
from .factory_path import FactoryPath
from .keeper import WorkerEnded
from .worker import Worker, WorkerFactory, members_of, split_reactors, wrong_place
from .workers import Workers, WorkerView

__all__ = [
    "CalledNode",
    "FactoryPath",
    "Worker",
    "WorkerEnded",
    "WorkerFactory",
    "WorkerView",
    "Workers",
    "keep_calling",
    "members_of",
    "split_reactors",
    "wrong_place",
]
