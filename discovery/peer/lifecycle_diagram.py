"""The table of a peer's life as a drawing, so that the documentation cannot say anything else than the table."""

from __future__ import annotations

from .lifecycle import TRANSITIONS, PeerState

__all__ = ["diagram"]


def diagram() -> str:
    """The table in Mermaid's words (https://mermaid.js.org, stateDiagram-v2), in the table's order."""
    lines = ["stateDiagram-v2", f"    [*] --> {PeerState.IDLE.value}"]
    for state, steps in TRANSITIONS.items():
        by_target: dict[PeerState, list[str]] = {}
        for step, target in steps.items():
            by_target.setdefault(target, []).append(step.value)
        lines += [f"    {state.value} --> {target.value}: {', '.join(names)}" for target, names in by_target.items()]
    return "\n".join(lines) + "\n"
