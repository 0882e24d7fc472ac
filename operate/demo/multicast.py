"""Whether this machine carries multicast on its loopback: without, the nodes of the demonstration cannot meet."""

from __future__ import annotations

import socket

from ...actors.base import PeerbusError

__all__ = ["check_multicast"]

#: The group of multicast DNS (RFC 6762 §3); on a port of our own, so that no responder hears the test.
GROUP, LOOPBACK = "224.0.0.251", "127.0.0.1"
#: Seconds that a datagram to ourselves may take; it takes 0.1 ms.
PATIENCE = 1.0


def check_multicast() -> None:
    """Send ourselves a datagram. Raises PeerbusError, saying what to do, where it does not arrive."""
    loopback = socket.inet_aton(LOOPBACK)
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
            ear.settimeout(PATIENCE)
            ear.bind(("", 0))  # a datagram to a group reaches no socket that is bound to 127.0.0.1
            ear.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(GROUP) + loopback)
            ear.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, loopback)
            ear.sendto(b"peerbus", (GROUP, ear.getsockname()[1]))
            ear.recv(16)
    except OSError as error:
        raise PeerbusError(
            f"this machine carries no multicast on {LOOPBACK} ({error}), so the nodes cannot find each other by mDNS; "
            "see that the interface lo is up and that no firewall drops UDP to 224.0.0.251"
        ) from error
