"""Every life that is a table of states, drawn from its table, and where the documentation shows the drawing."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TypeVar

from peerbus.actors.engine.state import STEPS
from peerbus.discovery.peer.lifecycle import TRANSITIONS as PEER
from peerbus.transports.connection.parting import PHASES, PROOFS, SPOKEN
from peerbus.transports.libp2p.yamux_life import YAMUX_LIVES
from peerbus.transports.wire.handshake import TRANSITIONS as HANDSHAKE

__all__ = ["DRAWINGS", "Drawing", "state_diagram"]

State = TypeVar("State", bound=Enum)

DOCS = Path(__file__).resolve().parents[1] / "docs"


def state_diagram(table: Mapping[State, Collection[Enum]]) -> str:
    """A table in Mermaid's words (https://mermaid.js.org, stateDiagram-v2), in its order; the first state is the start.

    For each state, what may follow it: as a mapping by the step that leads there, or without a word.
    """
    first = next(iter(table))
    lines = ["stateDiagram-v2", f"    [*] --> {_word(first)}"]
    for before, steps in table.items():
        if isinstance(steps, Mapping):
            names: dict[State, list[str]] = {}
            for step, after in steps.items():
                names.setdefault(after, []).append(str(step.value))
            lines += [f"    {_word(before)} --> {_word(after)}: {', '.join(words)}" for after, words in names.items()]
        else:
            lines += [f"    {_word(before)} --> {_word(after)}" for after in table if after in steps]
        if not steps:
            lines.append(f"    {_word(before)} --> [*]")
    return "\n".join(lines) + "\n"


def _word(state: Enum) -> str:
    return state.name.lower()


@dataclass(frozen=True)
class Drawing:
    """One table's drawing: in the document it stands behind `<!-- drawing: name -->`."""

    name: str
    document: str
    text: str

    def shown(self) -> str | None:
        """What the document shows; None where it has no such place."""
        found = re.search(self._place, (DOCS / self.document).read_text(encoding="utf-8"), re.DOTALL)
        return None if found is None else found[2]

    def write(self) -> None:
        """Put it into the document."""
        path = DOCS / self.document
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(self._place, self._placed, text, count=1, flags=re.DOTALL), encoding="utf-8")

    @property
    def _place(self) -> str:
        return rf"(<!-- drawing: {re.escape(self.name)} -->\n```mermaid\n)(.*?)(```)"

    def _placed(self, found: re.Match[str]) -> str:
        return found[1] + self.text + found[3]


DRAWINGS = (
    Drawing("actor", "lives.md", state_diagram(STEPS)),
    Drawing("handshake", "wire.md", state_diagram(HANDSHAKE)),
    Drawing("phases", "lives.md", state_diagram(PHASES)),
    Drawing("goaways", "lives.md", state_diagram(SPOKEN)),
    Drawing("proofs", "lives.md", state_diagram(PROOFS)),
    Drawing("peer", "peers.md", state_diagram(PEER)),
    Drawing("yamux", "libp2p.md", state_diagram(YAMUX_LIVES)),
)
