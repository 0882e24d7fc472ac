"""What is set of channels is held against those that the node has."""

from __future__ import annotations

from pathlib import Path

import pytest

from peerbus.actors import Channel, ChannelTuning, Message, Overflow
from peerbus.actors.base.errors import ConfigError
from peerbus.node.config.config import parse_config
from peerbus.node.run.channel_tuning import channel_tuning, notes_on_channels


class Note(Message):
    text: str


NOTES, INDEX = Channel("notes", messages=(Note,)), Channel("index", messages=(Note,))


def tuning(text: str) -> dict[str, ChannelTuning]:
    config = parse_config(f'name = "alice"\nnetwork = "demo"\n{text}', name="alice.toml", folder=Path())
    return channel_tuning(config, [NOTES], [INDEX])


def test_a_channel_of_a_reactor_here_takes_all_and_one_of_others_its_timeout() -> None:
    found = tuning("[channels.notes]\nwindow = 5\ntimeout = 2\n[channels.index]\ntimeout = 3")
    assert found == {"notes": {"window": 5, "timeout": 2.0}, "index": {"timeout": 3.0}}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "[channels.nots]\nwindow = 5",
            r"alice\.toml:3: channels\.nots: no reactor of this node has a channel of that name; did you mean 'notes'",
        ),
        ("[channels.zzz]\nwindow = 5", r"known here: index, notes\. For one of other nodes write its path as well"),
        (
            "[channels.index]\ntimeout = 1\nwindow = 5",
            r"alice\.toml:5: channels\.index\.window: this node runs no reactor of 'index', it only talks to them: "
            r"window is what the node that runs one decides; set it there\. Here can be set: compress, timeout",
        ),
    ],
)
def test_what_would_have_no_effect_is_refused(text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        tuning(text)


def test_what_goes_together_in_a_way_that_surprises_is_told() -> None:
    small = NOTES.tuned(mailbox=4, window=8, overflow=Overflow.REJECT, mailbox_bytes=1000)
    burst, large = notes_on_channels([small, INDEX])
    assert "channel 'notes': one peer may have 8 messages on their way" in burst
    assert "overflow = 'reject'" in burst
    assert "a larger one enters only an empty mailbox" in large
