"""Worker processes of a node: started, linked, supervised and ended by it; and what runs in them."""

from __future__ import annotations

from .keeper import WorkerEnded
from .worker import Worker, WorkerFactory, split_reactors
from .workers import Workers, WorkerView

__all__ = ["Worker", "WorkerEnded", "WorkerFactory", "WorkerView", "Workers", "split_reactors"]
