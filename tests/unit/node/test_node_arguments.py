"""An argument of the wrong kind is refused by its name, with what to write."""

from __future__ import annotations

from typing import Any

import pytest

from peerbus.actors import ConfigError
from peerbus.node import Node


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"offers": None}, "offers is a list of roles, not None"),
        ({"offers": [5]}, "offers is a list of roles, and has 5"),
        ({"listen": None}, "listen is a list of endpoints, not None"),
        ({"peers": [5]}, "peers: 5 is no endpoint; write it as text"),
        ({"seeds": 5}, "seeds is a list of endpoints, not 5"),
        ({"mdns": None}, "mdns is a list of interfaces, not None"),
        ({"mdns": [1]}, "mdns is a list of interfaces, and has 1"),
        ({"pex": 5}, r"pex is 5; pass True or PexOptions\(…\)"),
        ({"identity": "alice.pem"}, r'identity is .alice.pem.; pass Identity\.load\("alice\.pem"\)'),
        ({"book": 5}, "book is 5; pass the path of a file"),
        ({"rng": 7}, r"rng is 7; pass random\.Random\(7\)"),
        ({"options": {}}, r"options is {}; pass PeerOptions\(…\)"),
        ({"requires": ["archive"]}, r"requires is a list of requirements, and has 'archive'; write 'Require"),
        ({"requires": "archive"}, "requires is a list of requirements, not 'archive'"),
        ({"transports": 5}, "transports is a list of transports, not 5"),
        ({"finders": [print]}, "finders is a list of URLs, and has <built-in function print>"),
        ({"heartbeat": "5"}, "heartbeat: '5' is no number of seconds"),
        ({"shutdown_timeout": None}, "shutdown_timeout: None is no number of seconds"),
        ({"blocking_threads": 0}, "blocking_threads: 0 is out of range; write how many, 1 to 1024"),
        ({"slow_handler": True}, "slow_handler: True is no number of seconds"),
        ({"network": None}, "network: None is not a name"),
    ],
)
def test_an_argument_of_another_kind_is_named(arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        Node("alice", **arguments)


def test_a_name_of_another_kind_is_named() -> None:
    with pytest.raises(ConfigError, match="name: 5 is not a name"):
        Node(5)  # type: ignore[arg-type]  # that is what is tested


async def test_a_node_of_an_event_loop_is_not_stopped_by_the_way_of_plain_code() -> None:
    node = Node("alice")
    node.stop()  # it does not run
    async with node:
        with pytest.raises(Exception, match=r"entered by `async with`: leave that, or `await node\.aclose\(\)`"):
            node.stop()
    node.stop()
