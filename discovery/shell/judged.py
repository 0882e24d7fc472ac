"""What became of one attempt: who was there, what they have shown, and whom the manager accepted."""

from __future__ import annotations

from ...transports.admission import Credentials
from ...transports.rules import Subject
from ...transports.streams import Endpoint

__all__ = ["Judged"]


class Judged:
    """See the module. `refused`: the manager has refused it, and counted that."""

    def __init__(self) -> None:
        self.node_id: str | None = None
        self.remote: Endpoint | None = None
        self.accepted: str | None = None
        self.refused = False
        self._credentials: Credentials | None = None

    def entered(self, credentials: Credentials) -> None:
        """They were shown, as the network's rules want it."""
        self._credentials = credentials

    def subject(self, node_id: str, proven: bool) -> Subject:
        """Who is there, for the rules of permission."""
        shown = self._credentials
        bare = shown is None or not shown.node_id
        return Subject.of(Credentials(node_id=node_id, proven=proven) if bare else shown)
