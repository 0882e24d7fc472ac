"""The pools of a configuration: which reactors run several times, behind one address."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ...actors.pools import Pool, Resizer
from ...actors.reactor import Reactor
from .channels import IMPORT_PATH
from .table import TomlTable

__all__ = ["PoolConfig", "read_pool"]

#: As `peerbus.actors.pools.resizer.MAX_MEMBERS`, and as `peerbus.actors.pools.plan.MAX_STREAMS_OF_MEMBER`.
MOST = 256
WHERE = ("members", "threads", "processes")
_PICK = '"least", "all" or "package.module:function"'


@dataclass(frozen=True, slots=True)
class PoolConfig:
    """One pool. `where`: `members`, `threads` or `processes`; `pick`: `least`, `all`, or the path of a function."""

    where: str
    size: int
    pick: str = "least"
    prefetch: int = 1
    resizer: Resizer | None = None
    streams: int = MOST

    def made(self, factory: Callable[[], Reactor], pick: object) -> Pool[Reactor]:
        """The pool; `pick`: the function that its own names. Raises TypeError and ValueError, as `Pool`."""
        count: dict[str, Any] = {self.where: self.size}
        chosen: Any = pick if self.picks_by else self.pick
        return Pool(factory, pick=chosen, prefetch=self.prefetch, streams=self.streams, resizer=self.resizer, **count)

    @property
    def picks_by(self) -> bool:
        """A function picks, which `pick` is the path of."""
        return self.pick not in ("least", "all")


def read_pool(table: TomlTable) -> PoolConfig:
    """Read `[reactors.pool]`. Raises: ConfigError."""
    given = [name for name in WHERE if table.has(name)]
    if len(given) != 1:
        raise table.wrong("a pool has members, threads or processes, one of the three; write threads = 4")
    size = table.integer(given[0], 4, low=1, high=MOST)
    pick = table.text("pick", _PICK, "least")
    if pick not in ("least", "all") and not IMPORT_PATH.fullmatch(pick):
        raise table.error("pick", f"{pick!r} is no pick; write {_PICK}")
    prefetch = table.integer("prefetch", 1, low=0, high=1 << 20)
    streams = table.integer("streams", MOST, low=1, high=MOST)
    resizer = _resizer(table, size)
    table.finish()
    return PoolConfig(given[0], size, pick, prefetch, resizer, streams)


def _resizer(table: TomlTable, size: int) -> Resizer | None:
    if not table.has("upper"):
        for name in ("lower", "grow_after", "shrink_after"):
            if table.has(name):
                raise table.error(
                    name, f"is of a pool that changes its size by itself; write upper as well, upper = {2 * size}"
                )
        return None
    upper = table.integer("upper", 8, low=size, high=MOST)
    lower = table.integer("lower", 1, low=1, high=size)
    grow = table.seconds("grow_after", 0.5, high=86_400.0)
    return Resizer(
        upper=upper, lower=lower, grow_after=grow, shrink_after=table.seconds("shrink_after", 30.0, high=86_400.0)
    )
