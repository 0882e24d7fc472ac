"""The life of a stream of yamux: each side ends what it sends, and either may drop the whole."""

from __future__ import annotations

import enum
from typing import Final

__all__ = ["YAMUX_LIVES", "YamuxLife", "YamuxStep", "next_life"]


class YamuxLife(enum.Enum):
    """Which way bytes may still go."""

    OPEN = "open"
    ENDED_HERE = "ended here"
    ENDED_THERE = "ended there"
    OVER = "over"


class YamuxStep(enum.Enum):
    """What happens to a stream: FIN is sent, FIN comes, RST is sent or comes."""

    END_HERE = "FIN sent"
    END_THERE = "FIN received"
    RESET = "RST"


#: What does not stand here changes nothing: what was on its way may come behind the end.
YAMUX_LIVES: Final[dict[YamuxLife, dict[YamuxStep, YamuxLife]]] = {
    YamuxLife.OPEN: {
        YamuxStep.END_HERE: YamuxLife.ENDED_HERE,
        YamuxStep.END_THERE: YamuxLife.ENDED_THERE,
        YamuxStep.RESET: YamuxLife.OVER,
    },
    YamuxLife.ENDED_HERE: {
        YamuxStep.END_THERE: YamuxLife.OVER,
        YamuxStep.RESET: YamuxLife.OVER,
    },
    YamuxLife.ENDED_THERE: {
        YamuxStep.END_HERE: YamuxLife.OVER,
        YamuxStep.RESET: YamuxLife.OVER,
    },
    YamuxLife.OVER: {},
}


def next_life(life: YamuxLife, step: YamuxStep) -> YamuxLife:
    """What the step makes of a life; the same where it makes nothing of it."""
    return YAMUX_LIVES[life].get(step, life)
