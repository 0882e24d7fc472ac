"""Whether a node can listen where its configuration says."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import Sequence

from ...actors.base import PeerbusError
from ...transports.kinds import make_transport
from ...transports.streams import Endpoint, Identity, TcpTransport, TransportOptions
from .diagnosis import Diagnosis, failed, ok, warning
from .holders import holder_of

__all__ = ["look_at_places"]

#: Seconds that a name may take to be resolved.
PATIENCE = 5.0


async def look_at_places(listen: Sequence[Endpoint], running: int | None = None) -> list[Diagnosis]:
    """One diagnosis for each endpoint. `running`: the process of this configuration's node, if one runs."""
    if not listen:
        text = "listens nowhere: it dials, and nobody can dial it"
        return [warning("listen", text, 'if others shall dial it: listen = ["tcp://0.0.0.0:7400"]')]
    looks = {"tcp": _tcp, "unix": _unix}
    return [await looks.get(endpoint.scheme, _tried)(endpoint, running) for endpoint in listen]


async def _tried(endpoint: Endpoint, running: int | None) -> Diagnosis:
    """Of a kind that this does not know: listen there, where no node of this configuration does."""
    about = f"listen {endpoint}"
    if running is not None:
        return ok(about, f"not looked at, while this node runs: {endpoint.scheme} is another package's to know")
    try:
        options = TransportOptions(identity=Identity.generate())
        async with asyncio.timeout(PATIENCE):
            listener = await make_transport(endpoint, options).listen(endpoint)
            await listener.aclose()
    except (PeerbusError, OSError, TimeoutError) as error:
        return failed(about, str(error) or f"no answer within {PATIENCE:g} s", "see what its transport needs")
    return ok(about, "nothing keeps it from listening there")


async def _tcp(endpoint: Endpoint, running: int | None) -> Diagnosis:
    about = f"listen {endpoint}"
    try:
        places = await TcpTransport(plaintext=True).places(endpoint, timeout=PATIENCE)
    except Exception as error:  # noqa: BLE001  # whatever the name is told to be
        return failed(about, str(error), "write an address of this machine, or tcp://0.0.0.0:PORT for all of them")
    place = places[0]  # as the node does
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    try:
        address = socket.getaddrinfo(place.host, place.port, family, socket.SOCK_STREAM)[0][4]
        with socket.socket(family, socket.SOCK_STREAM) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.bind(address)
    except OSError as error:
        return _taken(about, place, error, running)
    if not place.port:
        return ok(about, "a free port at each start, which discovery tells; nobody can have it in peers or seeds")
    return ok(about, "the port is free")


def _taken(about: str, place: Endpoint, error: OSError, running: int | None) -> Diagnosis:
    match error.errno:
        case errno.EADDRINUSE:
            holder = holder_of(place.host, place.port)
            if holder is not None and holder.pid is not None and holder.pid == running:
                return ok(about, f"this node runs and listens there, {holder}")
            by = "somebody" if holder is None else str(holder)
            return failed(about, f"the port is taken by {by}", "end that, or choose another port")
        case errno.EACCES:
            advice = "choose a port from 1024 up, or give the service AmbientCapabilities=CAP_NET_BIND_SERVICE"
            return failed(about, f"user {os.geteuid()} may not listen at port {place.port}", advice)
        case errno.EADDRNOTAVAIL:
            return failed(about, f"{place.host} is no address of this machine", "`ip addr` shows those that are")
        case _:
            return failed(about, error.strerror or str(error), "choose another place")


async def _unix(endpoint: Endpoint, running: int | None) -> Diagnosis:
    about, path = f"listen {endpoint}", endpoint.path
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(path)
        except (FileNotFoundError, ConnectionRefusedError):
            if os.access(os.path.dirname(path) or ".", os.W_OK):
                return ok(about, "nobody listens there")
            return failed(about, f"user {os.geteuid()} cannot make a socket there", "choose a folder of its own")
        except OSError as error:
            return failed(about, error.strerror or str(error), "choose another path")
    if running is not None:
        return ok(about, "this node runs and listens there")
    return failed(about, "somebody listens there", "end that, or choose another path")
