"""Nodes that files in a folder name: a shared volume, a ConfigMap, a list that somebody keeps."""

from __future__ import annotations

from .folder_finder import KIND

__all__ = ["KIND"]
