"""Which machine on the link said what by multicast DNS: each has a share of what is heard and followed."""

# zeroconf keeps what it hears for more than an hour, whoever said it: what goes beyond a share never gets there.

from __future__ import annotations

import re
from collections import Counter, OrderedDict
from collections.abc import Mapping
from typing import Final

from ..mind import TokenBucket, crowd_of

__all__ = ["MAX_NAMES", "MAX_TRACKED", "NAMES_OF_ONE", "HeardFrom", "who_goes"]

#: Service instances that are followed; one network with more nodes needs PEX, and a flood stops here.
MAX_TRACKED = 1024
#: Instances that are known by who said them first, and those that one machine may have: four times the nodes that one
#: runs in the tests.
MAX_NAMES, NAMES_OF_ONE = MAX_TRACKED, 256
#: Packets of one machine, at once and in a second: at 0.1 ms each, 3 % of a core; those of 64 nodes that start there.
PACKETS, PACKETS_A_SECOND = 1000.0, 300.0
#: Machines that are told apart; beyond that the one that was silent longest begins anew.
MAX_MACHINES: Final = 1024
#: A label of an instance name as it stands in a packet: its length, and the beginning of a node id.
_LABEL: Final = re.compile(rb"\x14([0-9a-f]{20})", re.IGNORECASE)
#: The bit of an answer in the flags (RFC 1035 §4.1.1).
_ANSWER: Final = 0x80


class HeardFrom:
    """Times are seconds of its caller's clock. Labels are the first 20 digits of node ids."""

    __slots__ = ("_names", "_of", "_packets", "dropped")

    def __init__(self) -> None:
        #: By label, the machine that said it first; the oldest first.
        self._names: OrderedDict[str, str] = OrderedDict()
        self._of: Counter[str] = Counter()
        self._packets: OrderedDict[str, TokenBucket] = OrderedDict()
        #: Packets that went beyond a share, by why: `rate`, `names`.
        self.dropped: Counter[str] = Counter()

    def admits(self, data: bytes, host: str, now: float) -> bool:
        """Whether a packet from that machine is heard at all."""
        machine = crowd_of(host)
        bucket = self._packets.pop(machine, None) or TokenBucket(PACKETS, PACKETS_A_SECOND, now)
        self._packets[machine] = bucket
        while len(self._packets) > MAX_MACHINES:
            self._packets.popitem(last=False)
        if not bucket.take(now):
            self.dropped["rate"] += 1
            return False
        if len(data) < 3 or not data[2] & _ANSWER:
            return True
        for label in {found.decode("ascii").lower() for found in _LABEL.findall(data)}:
            if label not in self._names and not self._enter(label, machine):
                self.dropped["names"] += 1
                return False
        return True

    def of(self, name: str) -> str:
        """The machine that said this instance's name first; "" where nobody has."""
        return self._names.get(name.partition(".")[0].lower(), "")

    def forget(self, name: str) -> None:
        """It is said no more."""
        machine = self._names.pop(name.partition(".")[0].lower(), None)
        if machine is not None:
            self._of[machine] -= 1
            if not self._of[machine]:
                del self._of[machine]

    def crowd(self, name: str) -> int:
        """How many names the machine has that said this one."""
        return self._of[self.of(name)]

    def _enter(self, label: str, machine: str) -> bool:
        if self._of[machine] >= NAMES_OF_ONE:
            return False
        if len(self._names) >= MAX_NAMES:
            heaviest = max(self._of, key=lambda one: self._of[one])
            if self._of[heaviest] <= self._of[machine] + 1:
                return False
            self.forget(next(name for name, owner in self._names.items() if owner == heaviest))
        self._names[label] = machine
        self._of[machine] += 1
        return True


def who_goes(tracked: Mapping[str, object | None], name: str, heard: HeardFrom) -> str | None:
    """Which of the instances that are followed is followed no more for one more; None: none.

    First one whose record nominates nobody, so that a flood of them hides no real node; then one of the machine that
    has most, for one of another.
    """
    useless = next((each for each, candidate in tracked.items() if candidate is None), None)
    if useless is not None:
        return useless
    heaviest = max(tracked, key=heard.crowd)
    return heaviest if heard.crowd(heaviest) > heard.crowd(name) + 1 else None
