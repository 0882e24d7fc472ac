"""Every picture that is drawn from the code, and the file that keeps it."""

from __future__ import annotations

from pathlib import Path

from .bus_picture import bus_picture, narrow_bus_picture
from .cluster_picture import cluster_picture
from .send_picture import send_picture

__all__ = ["drawn_files"]

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"


def drawn_files() -> dict[Path, str]:
    """The text of each file."""
    return {
        FOLDER / "bus.svg": bus_picture(),
        FOLDER / "bus-narrow.svg": narrow_bus_picture(),
        FOLDER / "cluster.svg": cluster_picture(),
        FOLDER / "send.svg": send_picture(),
    }
