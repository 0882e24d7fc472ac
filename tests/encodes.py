"""How often a message is encoded, whichever build encodes it."""

from __future__ import annotations

from typing import Any

import pytest


class Encodes:
    """Stands in for a field of messages with slots, and counts how often one is encoded: then it is read twice."""

    def __init__(self, kind: type, field: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self._field: Any = vars(kind)[field]
        #: The message whose encodings are counted, and not those that arrive.
        self.of: object = None
        self._reads = 0
        monkeypatch.setattr(kind, field, self)

    @property
    def count(self) -> int:
        """How often."""
        assert self._reads % 2 == 0
        return self._reads // 2

    def __get__(self, message: object, owner: type | None = None) -> Any:
        if message is None:
            return self
        self._reads += message is self.of
        return self._field.__get__(message, owner)

    def __set__(self, message: object, value: int) -> None:
        self._field.__set__(message, value)
