"""What may come of a request to a running node's admin API. Each is one sentence for people.

AdminError
├── NodeNotFound        no node runs where one was looked for, or several do
├── NodeNotReached      nobody answers there, not in time, or the connection broke
├── AnswerMalformed     what came back is not what that request is answered with
└── RequestRefused      the node says no: `.status`, `.reason` (a word) and the text
"""

from __future__ import annotations

from typing import Literal

from ...actors.base import PeerbusError

__all__ = ["AdminError", "AnswerMalformed", "NodeNotFound", "NodeNotReached", "RequestRefused"]


class AdminError(PeerbusError):
    """A request to a running node came to nothing."""


class NodeNotFound(AdminError):
    """No node runs where one was looked for, or several do and none was named."""


class NodeNotReached(AdminError):
    """Nobody answers there, or not in time; its text says whether what was asked for may have been done.

    `how`: `absent`, nobody listens; `silent`, it takes connections and does not answer in time; `broken`, the
    connection was closed before an answer came.
    """

    def __init__(self, text: str, how: Literal["absent", "silent", "broken"]) -> None:
        super().__init__(text)
        self.how: Literal["absent", "silent", "broken"] = how


class AnswerMalformed(AdminError):
    """What came back is not what that request is answered with: another program's, or another version's."""


class RequestRefused(AdminError):
    """The node took the request and says no. `reason` is its word for why, as `not_banned`; `status` that of HTTP."""

    def __init__(self, text: str, *, status: int, reason: str) -> None:
        super().__init__(text)
        self.status = status
        self.reason = reason
