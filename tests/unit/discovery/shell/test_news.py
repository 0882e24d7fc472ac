"""What is news is published, and what an operator is to read of it is logged."""

from __future__ import annotations

import pytest

from peerbus.discovery import PeerDown, PeerRolesChanged, Require, RequirementMet, RequirementUnmet
from peerbus.discovery.shell import news
from peerbus.discovery.shell.news import tell_news

NEED = Require(role="archive", at_least=1)


class Taken:
    """A bus, and a log."""

    def __init__(self) -> None:
        self.published: list[object] = []
        self.lines: list[str] = []

    def publish(self, event: object) -> None:
        self.published.append(event)

    def info(self, event: str, **_: object) -> None:
        self.lines.append(event)

    warning = info


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (RequirementMet(NEED, 1, 1), ["requirement met"]),
        (RequirementUnmet(NEED, 0, 1, "none", "nobody offers it"), ["requirement not met"]),
        (PeerRolesChanged("a" * 64, ("archive",)), ["roles changed"]),
        (PeerDown("a" * 64, "gone"), []),
    ],
)
def test_each_is_published_and_some_are_logged(event: object, line: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    taken = Taken()
    monkeypatch.setattr(news, "log", taken)
    tell_news(taken, "alice", event)
    assert taken.published == [event]
    assert taken.lines == line
