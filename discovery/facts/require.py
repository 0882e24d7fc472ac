"""One requirement of the operator on the connected peers as a whole."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ...actors.base import ConfigError, spelled
from ...actors.messages import Capability

__all__ = ["Require"]


@spelled
@dataclass(frozen=True, slots=True, kw_only=True)
class Require:
    """At least that number of the connected peers, or that share of them, or both, offer a role.

    Raises ConfigError for a malformed role, a share outside of 0 to 1, and where nothing is required.

    ```python
    careful = Node("bob", requires=[Require(role="archive", at_least=2, share=0.3)])
    ```
    """

    role: str
    at_least: int = 0
    share: float = 0.0

    def __post_init__(self) -> None:
        try:
            Capability(self.role)
        except ValueError as error:
            raise ConfigError(f"require: {error}") from error
        at_least, share = self._given()
        if not isinstance(at_least, int) or isinstance(at_least, bool) or not isinstance(share, int | float):
            raise ConfigError(
                f"require {self.role}: at_least is a whole number, share a part of 1, "
                f"got at_least={at_least!r} share={share!r}"
            )
        if self.at_least < 0 or not 0 <= self.share <= 1 or not (self.at_least or self.share):
            raise ConfigError(
                f"require {self.role}: at_least is 1 or more, share above 0 and at most 1, "
                f"got at_least={self.at_least} share={self.share}"
            )

    def _given(self) -> tuple[object, object]:
        return self.at_least, self.share  # whatever a program without type checks gives

    def wanted(self, connected: int) -> int:
        """How many must offer it, of that number that are connected."""
        # A share of 0.3 of 10 is 3, though 0.3 * 10 is a little more.
        return max(self.at_least, math.ceil(self.share * connected - 1e-9))

    def __str__(self) -> str:
        parts = [f"at least {self.at_least}"] if self.at_least else []
        parts += [f"{self.share:.0%} of the peers"] if self.share else []
        return f"{' and '.join(parts)} with {self.role}"
