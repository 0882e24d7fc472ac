"""Singleton: a reactor that one of several nodes runs, and another one when that is gone."""

from __future__ import annotations

from .singleton import NodeSingleton, Singleton

__all__ = ["NodeSingleton", "Singleton"]
